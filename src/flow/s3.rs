//! What `object_store`'s client of S3 lacks, added to its HTTP connections.
//!
//! - **Keys**: an S3 key is any string, and the client's paths have no empty, `.` or `..` parts, no control characters,
//!   and no `/` at either end. The client fails on a whole page of a listing for one other key, and drops a `/` at the
//!   end. So each key of a listing is replaced by its hexadecimal digits before the client reads the listing.
//! - **Uploads in parts**: the client completes them without a condition. `If-None-Match: *` is added, so that an
//!   object is never replaced.
//! - **Limits**: a listing is read up to [`LISTING_BYTES`], the answer to a write up to [`ANSWER_BYTES`], and an error up
//!   to [`ERROR_BYTES`]; the rest of an error is left out.
//! - **Errors**: what the store answers about one object alone, or about the caller, is an [`Answered`].

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
    ReqwestConnector,
};
use quick_xml::events::{BytesText, Event};

/// The longest listing in bytes: a page has 1000 keys of at most 1024 bytes.
const LISTING_BYTES: usize = 16 << 20;
/// The longest answer to a write, in bytes.
const ANSWER_BYTES: usize = 1 << 20;
/// The bytes of an error that are read and shown.
const ERROR_BYTES: usize = 4 << 10;

/// A listing was answered with status 404.
#[derive(Debug, thiserror::Error)]
#[error("no such bucket")]
pub(super) struct NoBucket;

#[derive(Debug, thiserror::Error)]
#[error("the store's answer has more than {0} bytes")]
struct LongAnswer(usize);

/// An error that the store answered to a request for an object, and that another attempt would not change.
#[derive(Debug, thiserror::Error)]
#[error("the store answered {status}: {body}")]
pub(super) struct Answered {
    status: u16,
    body: String,
}

impl Answered {
    /// The codes of errors that are about the caller's credentials or clock, and so about every object.
    const OF_THE_CALLER: [&str; 6] = [
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
    ];

    pub(super) fn concerns_the_caller(&self) -> bool {
        Self::OF_THE_CALLER.iter().any(|code| self.body.contains(&format!("<Code>{code}</Code>")))
    }

    /// Returns `None` for what the client handles itself: success, redirections, a condition, and what it repeats.
    fn of(status: u16, body: &[u8]) -> Option<Self> {
        let answer = Self { status, body: String::from_utf8_lossy(body).into_owned() };
        match status {
            401 | 404 | 408 | 409 | 412 | 429 => None,
            403 if !answer.concerns_the_caller() => None,
            400..500 => Some(answer),
            _ => None,
        }
    }
}

/// Makes HTTP connections with the additions of this module.
#[derive(Debug, Default)]
pub(super) struct Connector(ReqwestConnector);

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Service(self.0.connect(options)?)))
    }
}

#[derive(Debug)]
struct Service(HttpClient);

impl HttpService for Service {
    fn call<'a, 'b>(&'a self, mut request: HttpRequest) -> BoxFuture<'b, Result<HttpResponse, HttpError>>
    where
        'a: 'b,
        Self: 'b,
    {
        let query =
            |name: &str| request.uri().query().is_some_and(|all| all.split('&').any(|one| one.starts_with(name)));
        let get = request.method().as_str() == "GET";
        let listing = get && query("list-type=");
        if request.method().as_str() == "POST"
            && query("uploadId=")
            && let Ok(any) = "*".parse()
        {
            request.headers_mut().insert("if-none-match", any);
        }
        Box::pin(async move {
            let response = self.0.execute(request).await?;
            let status = response.status();
            if listing && status.as_u16() == 404 {
                return Err(HttpError::new(HttpErrorKind::Unknown, NoBucket));
            }
            if get && !listing && status.is_success() {
                return Ok(response); // an object, whose reader has its own limit
            }
            let (mut parts, body) = response.into_parts();
            let limit = match listing {
                _ if !status.is_success() => ERROR_BYTES,
                true => LISTING_BYTES,
                false => ANSWER_BYTES,
            };
            let mut answer = bounded(body, limit, !status.is_success()).await?;
            if !status.is_success() {
                answer = String::from_utf8_lossy(&answer).into_owned().into_bytes();
                parts.headers.remove("content-length");
            }
            if !listing && let Some(refused) = Answered::of(status.as_u16(), &answer) {
                return Err(HttpError::new(HttpErrorKind::Unknown, refused));
            }
            if listing && status.is_success() {
                answer = hex_keys(&answer).map_err(|e| HttpError::new_boxed(HttpErrorKind::Decode, e))?;
                parts.headers.remove("content-length");
            }
            Ok(HttpResponse::from_parts(parts, answer.into()))
        })
    }
}

/// Reads an answer of at most `limit` bytes. With `cut`, the rest of a longer answer is left out.
async fn bounded(body: HttpResponseBody, limit: usize, cut: bool) -> Result<Vec<u8>, HttpError> {
    let (mut answer, mut stream) = (Vec::new(), body.bytes_stream());
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        let room = limit - answer.len();
        if chunk.len() > room && !cut {
            return Err(HttpError::new(HttpErrorKind::Decode, LongAnswer(limit)));
        }
        answer.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(answer)
}

/// Replaces the text of each element `Key` of a listing by its hexadecimal digits.
///
/// # Errors
/// The listing is no XML.
pub fn hex_keys(listing: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut reader = quick_xml::Reader::from_reader(listing);
    let mut writer = quick_xml::Writer::new(Vec::with_capacity(2 * listing.len()));
    let mut key: Option<String> = None;
    loop {
        let event = reader.read_event()?;
        match (&event, &mut key) {
            (Event::Eof, _) => return Ok(writer.into_inner()),
            (Event::Start(start), None) if start.local_name().as_ref() == b"Key" => key = Some(String::new()),
            (Event::Text(text), Some(key)) => {
                key.push_str(&text.decode()?);
                continue;
            }
            (Event::CData(text), Some(key)) => {
                key.push_str(&text.decode()?);
                continue;
            }
            (Event::GeneralRef(reference), Some(key)) => {
                let name = reference.decode()?;
                match reference.resolve_char_ref() {
                    Ok(Some(character)) => key.push(character),
                    _ => match quick_xml::escape::resolve_predefined_entity(&name) {
                        Some(text) => key.push_str(text),
                        // No XML text has this character, and no path of the client either.
                        None => key.extend(["&", &*name, ";"]),
                    },
                }
                continue;
            }
            (Event::End(end), Some(raw)) if end.local_name().as_ref() == b"Key" => {
                writer.write_event(Event::Text(BytesText::new(&hex::encode(raw.as_bytes()))))?;
                key = None;
            }
            _ => {}
        }
        writer.write_event(event)?;
    }
}

/// The key that a location of a listing stands for.
pub(super) fn listed_key(location: &str) -> Option<String> {
    String::from_utf8(hex::decode(location).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_listing_become_digits() {
        for (written, key) in [
            ("p/x", "p/x"),
            ("p//c", "p//c"),
            ("p/x/", "p/x/"),
            ("a&amp;b&lt;c", "a&b<c"),
            ("a&#x1;b&#10;", "a\u{1}b\n"),
            ("<![CDATA[a<b]]>", "a<b"),
            ("&unknown;", "&unknown;"),
            ("a&#0;", "a&#0;"),
            ("결과", "결과"),
        ] {
            let xml = format!("<L><Name>b</Name><Contents><Key>{written}</Key><Size>1</Size></Contents></L>");
            let expected = xml.replace(written, &hex::encode(key));
            let found = String::from_utf8(hex_keys(xml.as_bytes()).unwrap()).unwrap();
            assert_eq!(found, expected);
            assert_eq!(listed_key(&hex::encode(key)).as_deref(), Some(key));
        }
    }

    #[test]
    fn a_damaged_listing_is_refused_or_passed_on() {
        let xml = b"<?xml version=\"1.0\"?><L><Contents><Key>p/&amp;</Key><Size>1</Size></Contents></L>";
        for at in 0..xml.len() {
            for byte in [0, b'<', b'&', b'/', 0xff] {
                let mut damaged = xml.to_vec();
                damaged[at] = byte;
                let _ = hex_keys(&damaged);
                let _ = hex_keys(&damaged[..at]);
            }
        }
    }
}
