//! `--shard I/N`: N processes write to one target at the same time, each of them may be killed and run again.

use crate::JOB;
use crate::world::{Counts, World, files};
use phi_pre::envelope::Shard;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const ENVELOPES: u64 = 1500;

/// Five shards at once. One of them runs twice at the same time, and one is killed three times and run again. The outputs
/// are those of a job without shards, and another number of shards finds all of them.
#[test]
fn shards_beside_each_other_make_the_outputs_of_one_job() {
    let world = World::new(30);
    world.shapes("small", 1490);
    for i in 0..10 {
        world.seal(&format!("large/{i}"), 200_000);
    }
    let expected = world.expected();
    let shard = |text: &str| {
        let mut command = world.command(&JOB);
        command.args(["--shard", text]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    for pause in [5, 20, 60] {
        let mut killed = shard("4/5").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let jobs: Vec<_> = ["0/5", "1/5", "2/5", "3/5", "3/5", "4/5"].map(|text| shard(text).spawn().unwrap()).into();
    let said: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let output = job.wait_with_output().unwrap();
            let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(output.status.success(), "{text}");
            text
        })
        .collect();
    assert_eq!(files(&world.path("out")), expected, "{said:?}");
    let every = |of: u32| {
        let jobs = (0..of).map(|index| world.job(&[&JOB[..], &["--shard", &format!("{index}/{of}")]].concat()));
        jobs.collect::<Vec<Counts>>()
    };
    let again = every(3);
    assert!(again.iter().all(|counts| counts.reencrypted == 0 && counts.marked > 400), "{again:?}");
    assert_eq!(again.iter().map(|counts| counts.marked).sum::<u64>(), ENVELOPES);
    world.done(&JOB, 0, ENVELOPES, 0);
    fs::remove_dir_all(world.path("out")).unwrap();

    // One shard alone makes the outputs of its names, and no others.
    let of: Shard = "1/5".parse().unwrap();
    assert_eq!(shard("1/5").status().unwrap().code(), Some(0));
    let part: Vec<_> = expected.keys().filter(|name| of.contains(name.as_os_str().as_encoded_bytes())).collect();
    assert_eq!(files(&world.path("out")).keys().collect::<Vec<_>>(), part);
}

/// A refused entry is reported by one shard.
#[test]
fn each_refusal_belongs_to_one_shard() {
    let world = World::new(31);
    world.shapes("small", 20);
    fs::write(world.path("in/no envelope"), b"text").unwrap();
    std::os::unix::fs::symlink("small", world.path("in/link")).unwrap();
    let mut refused = Vec::new();
    for index in 0..4 {
        world.job(&[&JOB[..], &["--shard", &format!("{index}/4")]].concat());
        refused.extend(world.report().0.into_keys());
    }
    refused.sort();
    assert_eq!(refused, ["link", "no envelope"]);
}

#[test]
fn a_shard_that_does_not_exist_is_an_error_before_anything_is_written() {
    let world = World::new(32);
    world.shapes("", 3);
    for (text, why) in [
        ("4/4", "there is no shard 4 of 4: shards are counted from 0"),
        ("0/0", "there must be at least one shard"),
        ("1", "a shard is I/N, for example 0/16"),
        ("-1/2", "a shard is I/N, for example 0/16"),
    ] {
        let (code, _, said) = world.run(&[&JOB[..], &[&format!("--shard={text}")]].concat());
        assert_eq!(code, Some(2));
        assert!(said.contains(why), "{said}");
    }
    // A proof is about all outputs, and the other shards may still be at work.
    let (code, _, said) = world.run(&[&JOB[..], &["--shard", "0/2", "--proof", "proof"]].concat());
    assert!(code == Some(2) && said.contains("cannot be used with"), "{said}");
    let (code, _, said) = world.run(&["reencrypt", "--rekey", "ab.rekey", "--shard", "0/2", "in/000000.phi"]);
    assert!(code == Some(2) && said.contains("--in"), "{said}");
    assert!(!Path::new(&world.path("out")).exists());
}
