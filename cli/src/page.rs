//! Reports as one HTML file: the style, the script and the transcript are in the file, and the browser fetches nothing. The page of
//! the npm package draws a run by the same script.
//!
//! The transcript is JSON; `page/view.js` says what it draws of it.

use serde_json::Value;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const VIEW: &str = include_str!("page/view.js");

/// The report of a transcript.
pub(crate) fn report(transcript: &Value) -> String {
    // No text of the transcript ends the script that holds it: in JSON, `<` is only within strings.
    let transcript = transcript.to_string().replace('<', "\\u003c");
    // The transcript comes last, so that no text in it is taken for a placeholder.
    let page = TEMPLATE.replacen("/*STYLE*/", STYLE, 1).replacen("/*SCRIPT*/", &format!("{VIEW}\nstart();"), 1);
    page.replacen(">null</script>", &format!(">{transcript}</script>"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_transcript_comes_back_whatever_its_texts_are() {
        let text = "</script><b>/*STYLE*/ /*SCRIPT*/ >null</script> \u{2028} \" \\ é";
        let transcript = json!({ "title": text });
        let page = report(&transcript);
        let begin = page.find("id=\"transcript\">").unwrap() + "id=\"transcript\">".len();
        let end = begin + page[begin..].find("</script>").unwrap();
        assert_eq!(serde_json::from_str::<Value>(&page[begin..end]).unwrap(), transcript);
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(page.contains("start();") && page.contains(":root {"));
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
    }
}
