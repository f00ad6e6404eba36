//! A proxy between a client and a gateway, which cuts the connection at a submit.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Where the proxy cuts a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// The envelope is not forwarded.
    BeforeSubmit,
    /// The envelope is forwarded. Nothing that the gateway then sends is forwarded; the connection ends a second later.
    AfterSubmit,
}

/// The traffic is encrypted, so the proxy recognises the requests by their sizes in bytes: the answer to an endorsement
/// and the envelope are larger than this, and all frames between the two are smaller.
const LARGE: usize = 2500;
/// The most bytes of the frames that precede the envelope: headers and settings.
const SMALL: usize = 1000;

#[derive(Default)]
struct Plan {
    cut: Option<Cut>,
    /// Bytes from the gateway since the plan was made.
    answered: usize,
    /// Bytes to the gateway since the endorsements arrived.
    submitted: usize,
    /// How many connections were cut.
    cuts: usize,
}

/// A proxy on loopback.
pub struct Proxy {
    pub address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    pub fn new(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, plan) = (listener.local_addr().unwrap(), Arc::<Mutex<Plan>>::default());
        let shared = Arc::clone(&plan);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, plan) = (client.unwrap(), Arc::clone(&shared));
                let Ok(gateway) = TcpStream::connect(gateway) else { continue };
                let (from, to) = (client.try_clone().unwrap(), gateway.try_clone().unwrap());
                let (up, down) = (Arc::clone(&plan), plan);
                let submitted = Arc::<AtomicBool>::default();
                let silent = Arc::clone(&submitted);
                thread::spawn(move || forward(from, to, |bytes| to_gateway(&up, &submitted, bytes)));
                thread::spawn(move || forward(gateway, client, |bytes| to_client(&down, &silent, bytes)));
            }
        });
        Self { address, plan }
    }

    /// Cuts the next submit.
    pub fn cut(&self, cut: Cut) {
        let mut plan = self.plan.lock().unwrap();
        *plan = Plan { cut: Some(cut), cuts: plan.cuts, ..Plan::default() };
    }

    /// How many connections were cut.
    pub fn cuts(&self) -> usize {
        self.plan.lock().unwrap().cuts
    }
}

/// What happens to bytes that have arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Forward,
    Discard,
    /// Both directions end now.
    End,
    /// The bytes are forwarded, and both directions end after a second.
    EndLater,
}

/// `silent`: nothing more of this connection is forwarded to the client.
fn to_gateway(plan: &Mutex<Plan>, silent: &AtomicBool, bytes: usize) -> Fate {
    let mut plan = plan.lock().unwrap();
    let Some(cut) = plan.cut.filter(|_| plan.answered > LARGE) else { return Fate::Forward };
    plan.submitted += bytes;
    match cut {
        Cut::BeforeSubmit if bytes > SMALL => {
            plan.cut = None;
            plan.cuts += 1;
            Fate::End
        }
        Cut::AfterSubmit if plan.submitted > LARGE => {
            silent.store(true, Ordering::SeqCst);
            plan.cut = None;
            plan.cuts += 1;
            Fate::EndLater
        }
        _ => Fate::Forward,
    }
}

fn to_client(plan: &Mutex<Plan>, silent: &AtomicBool, bytes: usize) -> Fate {
    plan.lock().unwrap().answered += bytes;
    if silent.load(Ordering::SeqCst) { Fate::Discard } else { Fate::Forward }
}

fn forward(mut from: TcpStream, mut to: TcpStream, fate: impl Fn(usize) -> Fate) {
    let end = |from: &TcpStream, to: &TcpStream| {
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    };
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => return end(&from, &to),
            Ok(read) => read,
        };
        match fate(read) {
            Fate::Discard => continue,
            Fate::End => return end(&from, &to),
            Fate::Forward => {}
            Fate::EndLater => {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                thread::spawn(move || {
                    thread::sleep(Duration::from_secs(1));
                    end(&from, &to);
                });
            }
        }
        if to.write_all(&buffer[..read]).is_err() {
            return end(&from, &to);
        }
    }
}
