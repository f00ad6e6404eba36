//! A temporary folder with keys and envelopes, in which the command runs.

use phi_pre::envelope::{Header, Suite, check_file, encrypt_file};
use phi_pre::hash::Digest;
use phi_pre::pre::{DecryptionKey, Params, ReKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The counts of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) reencrypted: u64,
    pub(crate) marked: u64,
    pub(crate) compared: u64,
    pub(crate) refused: u64,
}

/// The keys of `a`, `b` and `c`, re-encryption keys from a to b, b to c, c to a and a to c, and envelopes for a in
/// `in`.
pub(crate) struct World {
    dir: tempfile::TempDir,
    params: Params,
    keys: [DecryptionKey; 3],
    rng: RefCell<ChaCha20Rng>,
    k_re: ReKey,
    /// Whether the file system has extended attributes, which hold the marks.
    marks: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let params = Params::new(Seed([0; 32]));
        let keys = [(); 3].map(|()| DecryptionKey::random(&mut rng));
        let k_e = keys.each_ref().map(|k_d| k_d.encryption_key(&params));
        for (name, from, to) in [("ab", 0, 1), ("bc", 1, 2), ("ca", 2, 0), ("ac", 0, 2)] {
            let k_re = ReKey::new(&k_e[from], &k_e[to]).unwrap();
            key_file(&dir.path().join(format!("{name}.rekey")), "re-encryption key (k_re)", k_re.to_bytes().expose());
        }
        for (name, k_d) in ["a", "b"].iter().zip(&keys) {
            let public = k_d.public_key(&params).to_bytes();
            key_file(&dir.path().join(format!("{name}.public")), "public key (Y)", &public);
        }
        key_file(&dir.path().join("a.secret"), "secret key (k_d)", keys[0].to_bytes().expose());
        let k_re = ReKey::new(&k_e[0], &k_e[1]).unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        let marks = keeps_marks(dir.path());
        if !marks {
            println!("this file system keeps no extended attributes: jobs compare by computing");
        }
        Self { dir, params, keys, rng: RefCell::new(rng), k_re, marks }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Seals a record of `bytes` bytes for a.
    pub(crate) fn seal(&self, name: &str, bytes: usize) {
        self.seal_at(Path::new(name), bytes);
    }

    pub(crate) fn seal_at(&self, name: &Path, bytes: usize) {
        let envelope = self.path("in").join(name);
        fs::create_dir_all(envelope.parent().unwrap()).unwrap();
        let rng = &mut *self.rng.borrow_mut();
        let mut record = vec![0; bytes];
        rng.fill_bytes(&mut record);
        let plain = self.path("record");
        fs::write(&plain, &record).unwrap();
        let public = self.keys[0].public_key(&self.params);
        encrypt_file(&self.params, &public, Suite::default(), rng, &plain, &envelope, &|_| ()).unwrap();
        fs::remove_file(plain).unwrap();
    }

    /// Writes `n` files with the format of an envelope: a valid capsule and a random body of some hundred bytes.
    pub(crate) fn shapes(&self, folder: &str, n: usize) {
        let folder = self.path("in").join(folder);
        fs::create_dir_all(&folder).unwrap();
        let rng = &mut *self.rng.borrow_mut();
        let public = self.keys[0].public_key(&self.params).prepare(&self.params);
        for (i, (capsule, _)) in public.encapsulate_many(n, rng).into_iter().enumerate() {
            let mut random = vec![0; 32 + 16 + i % 500];
            rng.fill_bytes(&mut random);
            let (commitment, body) = random.split_first_chunk::<32>().unwrap();
            let header = Header { suite: Suite::default(), key_commitment: Digest(*commitment), capsule };
            fs::write(folder.join(format!("{i:06}.phi")), [&header.to_bytes()[..], body].concat()).unwrap();
        }
    }

    /// The expected outputs: every envelope of `in`, re-encrypted by itself with Equation 2.
    pub(crate) fn expected(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut names, mut headers, mut all) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (name, bytes) in files(&self.path("in")) {
            if let Some(Ok(header)) = bytes.get(..Header::BYTES).map(Header::from_bytes) {
                headers.push(header);
                names.push(name.clone());
                all.insert(name, bytes);
            }
        }
        for (name, header) in names.iter().zip(Header::reencrypt_many(&headers, &self.k_re.prepare())) {
            all.get_mut(name).unwrap()[..Header::BYTES].copy_from_slice(&header.to_bytes());
        }
        all
    }

    /// Checks that the whole output opens under b's key.
    pub(crate) fn opens_for_b(&self, name: &str) {
        check_file(&self.keys[1].encryption_key(&self.params), &self.path("out").join(name)).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        command.current_dir(self.dir.path()).args(arguments);
        command
    }

    /// Runs the command and returns the exit code, standard output and standard error.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// Runs a command that must succeed.
    pub(crate) fn phi(&self, arguments: &[&str]) {
        let (code, out, err) = self.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {out}{err}");
    }

    /// Runs a job and returns the counts of its report. Checks that the exit code is 1 where an envelope was refused.
    pub(crate) fn job(&self, arguments: &[&str]) -> Counts {
        let _ = fs::remove_file(self.path("report"));
        let (code, out, err) = self.run(&[arguments, &["--report", "report"]].concat());
        let mut counts = self.report().1;
        assert_eq!(code, Some(i32::from(counts.refused > 0)), "{out}{err}");
        if !self.marks {
            assert_eq!(counts.marked, 0);
            (counts.marked, counts.compared) = (counts.compared, 0);
        }
        counts
    }

    /// Runs a job without refusals that finds `marked` outputs with a mark and `compared` outputs without.
    pub(crate) fn done(&self, arguments: &[&str], reencrypted: u64, marked: u64, compared: u64) -> Counts {
        let mut counts = self.job(arguments);
        if !self.marks && compared > 0 {
            (counts.marked, counts.compared) = (0, counts.marked);
        }
        assert_eq!(counts, Counts { reencrypted, marked, compared, refused: 0 });
        counts
    }

    /// Reads the report of one complete run: the refused names with their reasons, and the counts.
    pub(crate) fn report(&self) -> (BTreeMap<String, String>, Counts) {
        let (mut refused, mut counts) = (BTreeMap::new(), None);
        for line in fs::read_to_string(self.path("report")).unwrap().lines() {
            assert!(counts.is_none(), "the counts come last");
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            let count = |key: &str| line[key].as_u64().unwrap();
            if line.get("envelope").is_some() {
                assert!(refused.insert(text("envelope"), text("reason")).is_none());
                continue;
            }
            assert_eq!(line["complete"], true);
            counts = Some(Counts {
                reencrypted: count("reencrypted"),
                marked: count("marked"),
                compared: count("compared"),
                refused: count("refused"),
            });
        }
        (refused, counts.unwrap())
    }

    /// The inode and the time of the last change of each output.
    pub(crate) fn inodes(&self) -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let identify = |name: PathBuf| {
            let metadata = fs::metadata(self.path("out").join(&name)).unwrap();
            (name, (metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
        };
        names(&self.path("out")).into_iter().map(identify).collect()
    }

    /// Copies the files of a folder without their extended attributes.
    pub(crate) fn copy_without_marks(&self, from: &str, to: &str) {
        for (name, bytes) in files(&self.path(from)) {
            let path = self.path(to).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

fn key_file(path: &Path, title: &str, bytes: &[u8]) {
    let sum = hex::encode(&phi_pre::hash::sha256(&[bytes]).0[..8]);
    fs::write(path, format!("phi-pre {title}, version 1\n{}\n{sum}\n", hex::encode(bytes))).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn keeps_marks(folder: &Path) -> bool {
    let probe = fs::File::create_new(folder.join("probe")).unwrap();
    fs::remove_file(folder.join("probe")).unwrap();
    cfg!(target_os = "linux")
        && rustix::fs::fsetxattr(&probe, "user.phi-pre.probe", &[0; 32], rustix::fs::XattrFlags::empty()).is_ok()
}

/// The paths of all files and links below a folder, relative to the folder.
pub(crate) fn names(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found
}

/// The contents of all files below a folder.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let read = |name: PathBuf| {
        let bytes = fs::read(folder.join(&name)).unwrap();
        (name, bytes)
    };
    names(folder).into_iter().map(read).collect()
}

/// A mounted file system. It is unmounted on drop.
pub(crate) struct Mounted(PathBuf);

impl Mounted {
    pub(crate) fn tmpfs(at: &Path, size: &str) -> Option<Self> {
        let options = format!("size={size}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output().ok()?;
        mount.status.success().then(|| Self(at.to_owned()))
    }

    pub(crate) fn bind(from: &Path, at: &Path) -> Option<Self> {
        let mount = Command::new("mount").arg("--bind").args([from, at]).output().ok()?;
        mount.status.success().then(|| Self(at.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
