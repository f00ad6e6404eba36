//! A bulk job into a folder is killed and runs again; then the power is lost. Every named output is right, all outputs
//! of a job that has ended exist, and the same job resumes.

use crate::files::phi;
use crate::kill::{begin, done};
use crate::log::Log;
use crate::scene::{Scene, memory};
use crate::trace::Limit;
use std::fs;
use std::path::{Path, PathBuf};

const SIZES: [usize; 8] = [100, 3000, 5000, 70_000, 12_000, 200_000, 64, 9000];

/// Runs the job in a process of its own.
pub fn life(folder: &Path) {
    begin("job");
    job(folder);
    done("job", "out");
}

fn job(folder: &Path) {
    phi(folder, &["reencrypt", "--rekey", "ab.rekey", "--in", "in", "--out", "new/out"]);
}

/// Makes two key pairs, a re-encryption key, and envelopes in folders.
fn prepare(folder: &Path, scene: &mut Scene) {
    phi(folder, &["keygen", "a"]);
    phi(folder, &["keygen", "b"]);
    phi(folder, &["rekey", "--from", "a.secret", "--to", "b.secret", "ab.rekey"]);
    fs::create_dir_all(folder.join("in/deep/er")).unwrap();
    for (i, size) in SIZES.into_iter().enumerate() {
        let mut record = vec![0; size];
        rand_core::Rng::fill_bytes(&mut scene.rng, &mut record);
        fs::write(folder.join("record"), record).unwrap();
        let place = ["in", "in/deep", "in/deep/er"][i % 3];
        phi(folder, &["encrypt", "--to", "a.public", "record", &format!("{place}/{i}.phi")]);
    }
}

#[test]
fn power_is_lost_while_a_job_runs() {
    let mut scene = Scene::new("job", 1000);
    let (states, mut outputs, mut again) = (scene.states, 0, 0);
    let histories = 1 + states / 60;
    for _ in 0..histories {
        let folder = memory();
        prepare(folder.path(), &mut scene);
        let mut log = Log::new(folder.path());
        let limit = scene.limit();
        for limit in [limit, Limit::Never] {
            if !scene.life("job", folder.path(), 0, &mut log, limit) {
                return;
            }
        }
        let end = log.seen(log.ops.len());
        let out: Vec<&PathBuf> = end.files.keys().filter(|path| path.starts_with("new")).collect();
        assert_eq!(out.len(), SIZES.len());
        let mut nth = 0;
        scene.draw(&log, states.div_ceil(histories), |folder, loss, tree| {
            for (path, found) in tree.files.iter().filter(|(path, _)| path.starts_with("new")) {
                assert!(end.files.get(path).is_some_and(|whole| whole.bytes == found.bytes), "{}", path.display());
                outputs += 1;
            }
            if !log.said(loss.cut).0.is_empty() {
                assert!(out.iter().all(|path| tree.files.contains_key(*path)), "the job had ended");
            }
            nth += 1;
            if nth % 3 == 0 {
                job(folder);
                let after = Log::new(folder).seen(0);
                assert!(out.iter().all(|path| after.files[*path].bytes == end.files[*path].bytes));
                assert_eq!(after.files.len(), end.files.len());
                again += 1;
            }
        });
    }
    scene.report(&format!("{outputs} whole outputs, {again} jobs run again to their end"));
}
