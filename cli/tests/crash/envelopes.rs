//! Envelope files: a process that encrypts, decrypts and re-encrypts is killed. Every named file is whole.

use crate::kill::{Killer, begin, below, child, done, plan};
use phi_pre::envelope::{
    Suite, check_file, decrypt_file, encrypt_file, inspect_file, reencrypt_file, reencrypt_file_to,
};
use phi_pre::pre::{DecryptionKey, EncryptionKey, Params, PublicKey, ReKey, Scope, Seed, SharedSecret};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::fs;
use std::path::Path;

/// The length of the record in bytes: several batches of chunks.
const RECORD: usize = 3 << 20;

/// The parameters of the keys 0, 1, 2, ... under which the envelope is, one after the other.
pub struct Keys(pub Params);

impl Keys {
    pub fn new() -> Self {
        Self(Params::new(Seed::random(&mut ChaCha20Rng::seed_from_u64(5))))
    }

    fn secret(&self, n: u64) -> DecryptionKey {
        self.0.derive(&SharedSecret::from_bytes([3; 32]), Scope::Record(&n.to_be_bytes()))
    }

    pub fn public(&self, n: u64) -> PublicKey {
        self.secret(n).public_key(&self.0)
    }

    pub fn key(&self, n: u64) -> EncryptionKey {
        self.secret(n).encryption_key(&self.0)
    }

    pub fn hop(&self, from: u64) -> ReKey {
        ReKey::new(&self.key(from), &self.key(from + 1)).unwrap()
    }

    pub fn encrypt(&self, n: u64, rng: &mut ChaCha20Rng, from: &Path, to: &Path) {
        encrypt_file(&self.0, &self.public(n), Suite::default(), rng, from, to, &|_| ()).unwrap();
    }
}

/// `life` is the number of the key that the envelope is under.
pub fn life(folder: &Path, life: u64) {
    let keys = Keys::new();
    let rng = &mut ChaCha20Rng::seed_from_u64(life);
    let (record, envelope) = (folder.join("record"), folder.join("envelope.phi"));
    for n in life..life + 1000 {
        begin("re-encrypt");
        reencrypt_file(&keys.hop(n), &envelope).unwrap();
        done("re-encrypt", &(n + 1).to_string());
        begin("re-encrypt-to");
        reencrypt_file_to(&keys.hop(n + 1), &envelope, &folder.join(format!("{n}-again.phi"))).unwrap();
        done("re-encrypt-to", &format!("{n}-again.phi"));
        begin("encrypt");
        keys.encrypt(n, rng, &record, &folder.join(format!("{n}-new.phi")));
        done("encrypt", &format!("{n}-new.phi"));
        begin("decrypt");
        decrypt_file(&keys.key(n + 1), &envelope, &folder.join(format!("{n}-record")), &|_| ()).unwrap();
        done("decrypt", &format!("{n}-record"));
    }
}

#[test]
fn killed_while_files_are_encrypted_re_encrypted_and_decrypted() {
    let (kills, mut rng) = plan("envelopes", 15);
    let (keys, folder) = (Keys::new(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name);
    let mut record = vec![0; RECORD];
    rng.fill_bytes(&mut record);
    fs::write(path("record"), &record).unwrap();
    keys.encrypt(0, &mut rng, &path("record"), &path("envelope.phi"));
    let (mut killer, mut under, mut whole, mut left) = (Killer::default(), 0, 0, 0);
    for _ in 0..kills {
        let targets = ["re-encrypt", "re-encrypt-to", "encrypt", "decrypt"];
        let target = targets[usize::try_from(below(&mut rng, 4)).unwrap()];
        let nth = 1 + below(&mut rng, 3);
        let heard = killer.life(child("envelopes", folder.path(), under), target, nth, &mut rng);
        // The envelope that is re-encrypted in place is under the key that was acknowledged last, or under the next
        // key.
        for (_, number) in heard.done.iter().filter(|(what, _)| what == "re-encrypt") {
            under = number.parse().unwrap();
        }
        let (now, next) = (check_file(&keys.key(under), &path("envelope.phi")), keys.key(under + 1));
        if now.is_err() {
            check_file(&next, &path("envelope.phi")).expect("the envelope opens under neither key");
            assert_eq!(heard.inside.as_deref(), Some("re-encrypt"));
            under += 1;
        }
        for (_, name) in heard.done.iter().filter(|(what, _)| what != "re-encrypt") {
            assert!(path(name).exists(), "{name} was acknowledged");
        }
        for entry in fs::read_dir(folder.path()).unwrap() {
            let (path, name) = entry.map(|entry| (entry.path(), entry.file_name().into_string().unwrap())).unwrap();
            let number = || name.split('-').next().unwrap().parse::<u64>().unwrap();
            match name.rsplit_once('-').map_or(name.as_str(), |(_, kind)| kind) {
                "record" if name == "record" => continue,
                "envelope.phi" => continue,
                "again.phi" => assert!(check_file(&keys.key(number() + 2), &path).is_ok(), "{name} is not whole"),
                "new.phi" => assert!(check_file(&keys.key(number()), &path).is_ok(), "{name} is not whole"),
                "record" => assert!(fs::read(&path).unwrap() == record, "{name} is not whole"),
                _ => {
                    assert!(name.starts_with(".tmp"), "{name}");
                    left += 1;
                    whole -= 1;
                }
            }
            whole += 1;
            fs::remove_file(path).unwrap();
        }
        assert_eq!(inspect_file(&path("envelope.phi")).unwrap().record_bytes, RECORD as u64);
    }
    killer.report("envelopes", &format!("{whole} whole files, {left} temporary ones left behind, {under} keys"));
}
