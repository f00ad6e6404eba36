use super::*;

#[test]
fn encrypt_reencrypt_inspect_decrypt() {
    let dir = tempfile::tempdir().unwrap();
    let [plain, sealed, moved, back] = ["plain", "sealed", "moved", "back"].map(|name| dir.path().join(name));
    let record = record(2 * CHUNK_BYTES);
    fs::write(&plain, &record).unwrap();
    let receipt = encrypt_file(&WORLD.params, &WORLD.public, Suite::default(), &mut rng(3), &plain, &sealed, &|_| ())
        .unwrap()
        .value;
    let inspection = inspect_file(&sealed).unwrap();
    assert_eq!(inspection, Inspection { header: receipt.header, record_bytes: record.len() as u64, chunks: 2 });
    reencrypt_file_to(&WORLD.k_re, &sealed, &moved).unwrap();
    reencrypt_file(&WORLD.k_re, &sealed).unwrap();
    assert_eq!(fs::read(&moved).unwrap(), fs::read(&sealed).unwrap());
    assert_eq!(decrypt_file(&WORLD.other, &sealed, &back, &|_| ()).unwrap().value, receipt.sealed);
    assert_eq!(fs::read(&back).unwrap(), record);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
}

/// A refused envelope leaves no output, and an existing file is never replaced.
#[test]
fn an_output_appears_only_when_complete() {
    let dir = tempfile::tempdir().unwrap();
    let [sealed, back] = ["sealed", "back"].map(|name| dir.path().join(name));
    let (mut envelope, _) = seal(&record(200 * CHUNK_BYTES), Suite::default());
    let last = envelope.len() - 1;
    envelope[last] ^= 1;
    fs::write(&sealed, &envelope).unwrap();
    let refused = decrypt_file(&WORLD.key, &sealed, &back, &|_| ()).unwrap_err();
    assert!(matches!(refused.source, DecryptError::Refused));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    envelope[last] ^= 1;
    fs::write(&sealed, &envelope).unwrap();
    fs::write(&back, b"before").unwrap();
    for target in [&back, &sealed] {
        let refused = decrypt_file(&WORLD.key, &sealed, target, &|_| ()).unwrap_err();
        assert!(refused.to_string().starts_with(&target.display().to_string()), "{refused}");
    }
    assert_eq!(fs::read(&back).unwrap(), b"before");
    assert_eq!(fs::read(&sealed).unwrap(), envelope);
}

/// Readers and writers take turns: a reader sees the envelope under one of its keys, and no re-encryption is lost.
#[test]
fn concurrent_use_of_one_envelope() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sealed");
    let (envelope, _) = seal(&record(10), Suite::default());
    fs::write(&path, &envelope).unwrap();
    std::thread::scope(|scope| {
        for k_re in [WORLD.k_re.clone(), WORLD.k_re.inverse()] {
            let path = &path;
            scope.spawn(move || (0..20).for_each(|_| _ = reencrypt_file(&k_re, path).unwrap()));
        }
        scope.spawn(|| (0..40).for_each(|_| _ = inspect_file(&path).unwrap()));
    });
    assert_eq!(fs::read(&path).unwrap(), envelope);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn missing_and_short_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("absent");
    assert!(inspect_file(&path).unwrap_err().to_string().contains("absent"));
    let (envelope, _) = seal(&record(0), Suite::default());
    for bytes in [&[][..], &envelope[..100], &envelope[..284], &envelope[..299]] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(inspect_file(&path).unwrap_err().source, DecryptError::Header(_)), "{}", bytes.len());
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_record() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let [sealed, back] = ["sealed", "back"].map(|name| dir.path().join(name));
    fs::write(&sealed, seal(b"x", Suite::default()).0).unwrap();
    decrypt_file(&WORLD.key, &sealed, &back, &|_| ()).unwrap();
    assert_eq!(fs::metadata(&back).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A temporary file is made in the folder of the destination, so that it can be renamed there. On Linux it has no name
/// before.
#[test]
fn a_file_is_written_in_its_final_folder() {
    let dir = tempfile::tempdir().unwrap();
    let beside = || fs::read_dir(dir.path()).unwrap().count();
    let during = create_file(&dir.path().join("file"), |_| Ok::<_, io::Error>(beside())).unwrap().value;
    assert_eq!((during, beside()), (usize::from(!cfg!(target_os = "linux")), 1));
}

#[test]
fn progress_counts_the_bytes_read() {
    let dir = tempfile::tempdir().unwrap();
    let [sealed, back] = ["sealed", "back"].map(|name| dir.path().join(name));
    fs::write(&sealed, seal(&record(2 * CHUNK_BYTES), Suite::default()).0).unwrap();
    let told = std::sync::Mutex::new(Vec::new());
    decrypt_file(&WORLD.key, &sealed, &back, &|bytes| told.lock().unwrap().push(bytes)).unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted());
    assert_eq!(told.last(), Some(&(2 * SLOT as u64)));
}
