//! Tests of `phi-pre reencrypt --in --out`: outputs, refusals, killed jobs, limits, and S3 stores.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "bulk/kill.rs"]
mod kill;
#[path = "bulk/s3.rs"]
mod s3;
#[path = "bulk/shards.rs"]
mod shards;
#[path = "bulk/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use world::{Counts, World, files, names};

const JOB: [&str; 7] = ["reencrypt", "--rekey", "ab.rekey", "--in", "in", "--out", "out"];

/// One proof for all envelopes of a job, also of a job that is resumed; a missing, foreign or altered output is noticed.
#[test]
fn a_job_is_proved_and_verified() {
    let world = World::new(1);
    world.shapes("many", 40);
    world.seal_at(Path::new(OsStr::from_bytes(b"not utf-8 \xff\xfe/x.phi")), 99);
    let phi = |arguments: &[&str]| {
        let run =
            Command::new(env!("CARGO_BIN_EXE_phi-pre")).current_dir(world.path("")).args(arguments).output().unwrap();
        (run.status.code(), String::from_utf8([run.stdout, run.stderr].concat()).unwrap())
    };
    let job = |proof: &str| phi(&[&JOB[..], &["--proof", proof]].concat());
    let verify = |proof: &str, out: &str| {
        phi(&["verify", "--from", "a.public", "--to", "b.public", "--proof", proof, "in", out])
    };
    let (code, said) = job("first.proof");
    assert!(code == Some(0) && said.contains("first.proof   proves 41 envelopes\n"), "{said}");
    // The job again, with some outputs gone, proves all of them again.
    fs::remove_dir_all(world.path("out/many")).unwrap();
    assert_eq!(job("second.proof").0, Some(0));
    for proof in ["first.proof", "second.proof"] {
        let (code, said) = verify(proof, "out");
        assert!(code == Some(0) && said.starts_with("holds: 41 envelopes"), "{said}");
    }

    let outputs: Vec<_> = files(&world.path("out")).into_keys().collect();
    let path = world.path("out").join(&outputs[3]);
    let whole = fs::read(&path).unwrap();
    let refused = |why: &str| {
        let (code, said) = verify("first.proof", "out");
        assert!(code == Some(1) && said.contains(why), "{said}");
    };
    fs::remove_file(&path).unwrap();
    refused("does not hold");
    fs::copy(world.path("in").join(&outputs[3]), &path).unwrap();
    refused("does not hold");
    fs::copy(world.path("out").join(&outputs[4]), &path).unwrap();
    refused("not the same envelope");
    fs::write(&path, &whole[..200]).unwrap();
    refused(&outputs[3].display().to_string());
    fs::write(&path, &whole).unwrap();
    fs::write(world.path("out/new"), &whole).unwrap();
    refused("new: ");
    fs::remove_file(world.path("out/new")).unwrap();
    assert_eq!(verify("first.proof", "out").0, Some(0));
    assert!(job("first.proof").1.contains("first.proof: exists already"));
    assert!(job("out/in.proof").1.contains("out/in.proof: lies among the outputs"));
    fs::remove_dir_all(world.path("out")).unwrap();
    assert!(job("no folder/proof").1.contains("no folder/proof: the folder does not exist"));
    assert!(!world.path("out").exists());
}

#[test]
fn a_tree_is_reencrypted_under_its_names() {
    let world = World::new(1);
    for (name, bytes) in [
        ("a.phi", 0),
        ("with spaces/b c.phi", 1),
        ("안과 2026/결과.phi", 5000),
        ("안과 2026/x/y/z/영상 [1] 100%.phi", 65_000),
        ("exactly small", 65_536 - 284 - 16),
        ("just large", 65_537 - 284 - 16),
        ("two chunks", 65_536 + 1),
        ("many chunks", 400_000),
        ("-", 7),
    ] {
        world.seal(name, bytes);
    }
    world.seal_at(Path::new(OsStr::from_bytes(b"not utf-8 \xff\xfe/\xc3\x28.phi")), 99);
    world.shapes("many", 300);
    let before = files(&world.path("in"));
    assert_eq!(world.done(&JOB, 310, 0, 0), Counts { reencrypted: 310, ..Counts::default() });
    assert_eq!(files(&world.path("in")), before);
    assert_eq!(files(&world.path("out")), world.expected());
    for name in ["a.phi", "안과 2026/결과.phi", "many chunks", "two chunks"] {
        world.opens_for_b(name);
    }
    let mode = fs::metadata(world.path("out/a.phi")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // A second run finds all outputs and writes nothing.
    let inodes = world.inodes();
    assert_eq!(world.job(&JOB).reencrypted, 0);
    assert_eq!(world.inodes(), inodes);
    // Outputs without marks are compared with a new computation.
    fs::rename(world.path("out"), world.path("kept")).unwrap();
    world.copy_without_marks("kept", "out");
    assert_eq!(world.done(&JOB, 0, 0, 310).compared, 310);
}

/// A file system without unnamed temporary files is not available everywhere. Its leftovers can be made by hand. Only
/// files that a job made go away, and no input is passed over in silence.
#[test]
fn leftovers_of_a_killed_job_go_away_and_other_files_stay() {
    let world = World::new(2);
    world.shapes("", 20);
    world.shapes("below/.phi-pre-job", 5);
    let expected = world.expected();
    fs::create_dir_all(world.path("out/.phi-pre-job")).unwrap();
    fs::write(world.path("out/.phi-pre-job/17-3.phi-pre-tmp"), b"half of it").unwrap();
    world.done(&JOB, 25, 0, 0);
    assert_eq!(files(&world.path("out")), expected);
    assert!(!world.path("out/.phi-pre-job").exists());

    let mine = ["17", "notes.txt", "a-b.phi-pre-tmp", "1-.phi-pre-tmp", "folder/1-2.phi-pre-tmp"];
    for name in mine {
        let path = world.path("out/.phi-pre-job").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"mine").unwrap();
    }
    fs::create_dir(world.path("in/.phi-pre-job")).unwrap();
    fs::copy(world.path("in/000000.phi"), world.path("in/.phi-pre-job/3")).unwrap();
    assert_eq!(world.job(&JOB), Counts { marked: 25, refused: 1, ..Counts::default() });
    let (refused, _) = world.report();
    assert!(refused[".phi-pre-job"].contains("the temporary files of jobs"), "{refused:?}");
    for name in mine {
        assert_eq!(fs::read(world.path("out/.phi-pre-job").join(name)).unwrap(), b"mine", "{name}");
    }
}

/// A folder that a bind mount shows under a second name is the same folder.
#[test]
fn an_overlap_through_a_bind_mount_is_noticed() {
    let world = World::new(13);
    world.shapes("sub", 3);
    let before = files(&world.path("in"));
    for name in ["in-again", "sub-again", "around/in", "out"] {
        fs::create_dir_all(world.path(name)).unwrap();
    }
    let mut mounted = Vec::new();
    for (from, to) in [("in", "in-again"), ("in/sub", "sub-again"), ("in", "around/in")] {
        let Some(mount) = world::Mounted::bind(&world.path(from), &world.path(to)) else {
            println!("skipped: no bind mount can be made here");
            return;
        };
        mounted.push(mount);
    }
    let job = |from, to| world.run(&["reencrypt", "--rekey", "ab.rekey", "--in", from, "--out", to]);
    for (from, to) in [
        ("in", "in-again"),
        ("in", "in-again/new/out"),
        ("in-again", "in/new"),
        ("in-again/sub", "in"),
        ("in/sub", "in-again"),
        ("sub-again", "in/sub/new"),
        ("around/in", "in"),
    ] {
        let (code, out, err) = job(from, to);
        assert_eq!(code, Some(1), "{from} {to}: {out}{err}");
        assert!(err.contains("input and output overlap"), "{from} {to}: {out}{err}");
    }
    assert_eq!(files(&world.path("in")), before);
    // The output lies in a folder below the input that is mounted elsewhere: the input is read around the output.
    let (code, out, err) = job("in", "sub-again/out");
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("refused   \"sub/out\": the output of this job"), "{out}{err}");
    assert!(out.contains("3 envelopes re-encrypted, 0 existed already, 1 refused"), "{out}{err}");
}

/// A bind mount below the output leads elsewhere, for example into the input. Nothing is written through it.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_written_through_a_mount_below_the_output() {
    let world = World::new(15);
    for folder in ["", "m", "n"] {
        world.shapes(folder, 2);
    }
    let before = files(&world.path("in"));
    for name in ["out/m", "out/n", "other"] {
        fs::create_dir_all(world.path(name)).unwrap();
    }
    let mounts = [("in", "out/m"), ("other", "out/n")];
    let mounted: Vec<_> =
        mounts.iter().filter_map(|(from, to)| world::Mounted::bind(&world.path(from), &world.path(to))).collect();
    if mounted.len() < mounts.len() {
        println!("skipped: no bind mount can be made here");
        return;
    }
    assert_eq!(world.job(&JOB), Counts { reencrypted: 2, refused: 4, ..Counts::default() });
    let (refused, _) = world.report();
    assert_eq!(refused.keys().map(|name| &name[..2]).collect::<Vec<_>>(), ["m/", "m/", "n/", "n/"]);
    assert!(refused.values().all(|why| why.contains("mounted")), "{refused:?}");
    assert_eq!(files(&world.path("in")), before);
    assert!(names(&world.path("other")).is_empty());
}

/// A file that is no report gets no line of one, and a report has no character that changes a terminal.
#[test]
fn a_report_is_appended_to_a_report_alone() {
    let world = World::new(16);
    world.shapes("", 2);
    for name in ["a\u{202e}b", "c\u{9b}31md", "e\u{7f}\u{1b}", "f\u{2028}\"\\"] {
        fs::write(world.path("in").join(name), b"text").unwrap();
    }
    for file in ["in/000000.phi", "ab.rekey"] {
        let before = fs::read(world.path(file)).unwrap();
        let (code, _, err) = world.run(&[&JOB[..], &["--report", file]].concat());
        assert_eq!((code, fs::read(world.path(file)).unwrap()), (Some(1), before), "{err}");
        assert!(err.contains(&format!("{file}: not a report")), "{err}");
    }
    assert!(!world.path("out").join("000000.phi").exists());
    assert_eq!(world.job(&JOB).refused, 4);
    let text = fs::read_to_string(world.path("report")).unwrap();
    assert!(!text.chars().any(|c| c != '\n' && c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c)), "{text:?}");
    let (refused, _) = world.report();
    assert!(refused.contains_key("a\u{202e}b") && refused.contains_key("f\u{2028}\"\\"), "{refused:?}");
    let (code, _, err) = world.run(&[&JOB[..], &["--report", "report"]].concat());
    assert_eq!(code, Some(1), "{err}");
    assert_eq!(fs::read_to_string(world.path("report")).unwrap().lines().count(), 10);
}

/// Where a job fails and its report cannot be written either, both reasons are said.
#[cfg(target_os = "linux")]
#[test]
fn a_lost_report_hides_no_reason() {
    let world = World::new(17);
    fs::write(world.path("in/text"), b"text").unwrap();
    let (code, out, err) = world.run(&[&JOB[..], &["--report", "/dev/full"]].concat());
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(err.contains("phi-pre: /dev/full: No space left") && err.contains("phi-pre: 1 refused"), "{err}");
}

/// An envelope whose copy stopped is named as truncated where its length shows this.
#[test]
fn a_truncated_envelope_is_called_so() {
    let world = World::new(14);
    world.seal("whole", 200_000);
    let whole = fs::read(world.path("in/whole")).unwrap();
    let slot = 65_536 + 16;
    let lengths = [1, 100, 283, 284, 284 + 15, 284 + slot + 1, 284 + slot + 16, 284 + 2 * slot + 9];
    for length in lengths {
        fs::write(world.path("in").join(format!("cut {length}")), &whole[..length]).unwrap();
    }
    assert_eq!(world.job(&JOB), Counts { reencrypted: 1, refused: lengths.len() as u64, ..Counts::default() });
    let (refused, _) = world.report();
    for length in &lengths[1..] {
        assert!(refused[&format!("cut {length}")].contains("truncated"), "{refused:?}");
    }
}

/// A report is whole lines of JSON, also after a line that a killed job left unfinished, and also in a pipe.
#[test]
fn a_report_goes_on_after_a_torn_line_and_into_a_pipe() {
    let world = World::new(15);
    world.shapes("", 3);
    fs::write(world.path("in/bad"), b"no envelope").unwrap();
    fs::write(world.path("report"), "{\"envelope\":\"a\",\"reason\":\"b\"}\n{\"envelope\":\"to").unwrap();
    let job = |report| world.command(&[&JOB[..], &["--report", report]].concat());
    let lines = |text: &str| text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<_>>();
    assert_eq!(job("report").output().unwrap().status.code(), Some(1));
    let text = fs::read_to_string(world.path("report")).unwrap();
    let found: Vec<serde_json::Value> = lines(&text);
    assert_eq!((text.lines().count(), found.len()), (4, 3), "{text}");
    assert_eq!((&found[1]["envelope"], &found[2]["complete"]), (&"bad".into(), &true.into()));

    fs::remove_file(world.path("in/bad")).unwrap();
    let output = job("/dev/stdout").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(lines(&out).len(), 1, "{out}");
    assert!(Command::new("mkfifo").arg(world.path("pipe")).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = world.path("pipe");
        move || fs::read_to_string(pipe).unwrap()
    });
    let output = job("pipe").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(lines(&reader.join().unwrap()).len(), 1);
}

#[test]
fn every_refused_file_is_named_with_its_reason() {
    let world = World::new(3);
    world.shapes("good", 40);
    let put = |name: &str, bytes: &[u8]| {
        let path = world.path("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let good = fs::read(world.path("in/good/000000.phi")).unwrap();
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        bytes
    };
    put("bad/empty", b"");
    put("bad/text.txt", b"not an envelope at all, only some text that someone left in the folder");
    put("bad/half a header", &good[..200]);
    put("bad/no body", &good[..284]);
    put("bad/cut in the tag", &good[..284 + 15]);
    put("bad/version", &changed(8, 9));
    put("bad/suite", &changed(9, 0));
    put("bad/reserved", &changed(11, 1));
    put("bad/Z", &changed(44, 0));
    put("bad/C", &[&good[..92], &[0xff; 192], &good[284..]].concat());
    put("bad/taken", &good);
    put("elsewhere/secret.phi", &good);
    fs::rename(world.path("in/elsewhere"), world.path("elsewhere")).unwrap();
    symlink(world.path("elsewhere"), world.path("in/link to a folder")).unwrap();
    symlink(world.path("elsewhere/secret.phi"), world.path("in/link to a file")).unwrap();
    let made = Command::new("mkfifo").arg(world.path("in/pipe")).status().unwrap();
    assert!(made.success());
    let deep = "d/".repeat(66);
    put(&format!("{deep}e.phi"), &good);
    let taken = File::open(world.path("in/bad/taken")).unwrap();
    taken.lock().unwrap();

    let expected = [
        ("bad/empty", "not a phi-pre envelope"),
        ("bad/text.txt", "not a phi-pre envelope"),
        ("bad/half a header", "200 bytes where 284"),
        ("bad/no body", "truncated phi-pre envelope: last chunk"),
        ("bad/cut in the tag", "last chunk: 15 bytes"),
        ("bad/version", "envelope version: unknown value 9"),
        ("bad/suite", "envelope suite: unknown value 0"),
        ("bad/reserved", "reserved bytes: unknown value 1"),
        ("bad/Z", "G1: "),
        ("bad/C", "GT: "),
        ("bad/taken", "in use by another process"),
        ("link to a folder", "a symbolic link, which is not followed"),
        ("link to a file", "a symbolic link, which is not followed"),
        ("pipe", "neither a file nor a folder"),
        (deep[..2 * 65 - 1].trim_end_matches('/'), "more than 64 folders deep"),
    ];
    let (code, out, err) = world.run(&[&JOB[..], &["--report", "report"]].concat());
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(err.contains("15 refused"), "{err}");
    assert!(out.contains("40 envelopes re-encrypted, 0 existed already, 15 refused"), "{out}");
    let (refusals, counts) = world.report();
    assert_eq!(counts, Counts { reencrypted: 40, refused: 15, ..Counts::default() });
    assert_eq!(refusals.len(), expected.len());
    for (name, reason) in expected {
        let found = refusals.get(name).unwrap_or_else(|| panic!("{name} is not in {refusals:?}"));
        assert!(found.contains(reason), "{name}: {found}");
        assert!(out.contains(&format!("refused   {name:?}: ")), "{name}: {out}");
    }
    assert_eq!(files(&world.path("out")).len(), 40);
    drop(taken);
    assert_eq!(world.job(&JOB), Counts { reencrypted: 1, marked: 40, refused: 14, ..Counts::default() });
}

#[test]
fn nothing_that_exists_is_replaced() {
    let world = World::new(4);
    world.shapes("", 30);
    world.done(&JOB, 30, 0, 0);
    let before = files(&world.path("out"));
    // Another re-encryption key.
    let other = ["reencrypt", "--rekey", "ac.rekey", "--in", "in", "--out", "out"];
    assert_eq!(world.job(&other), Counts { refused: 30, ..Counts::default() });
    // Six outputs that are not those of the job: of another input, under another key, with other bytes, truncated, a
    // folder, and a link.
    let path = |name: &str| world.path("in").join(name);
    fs::copy(path("000001.phi"), path("000000.phi")).unwrap();
    world.phi(&["reencrypt", "--rekey", "ac.rekey", "in/000002.phi"]);
    let out = |name: &str| world.path("out").join(name);
    fs::write(out("000003.phi"), b"mine").unwrap();
    let cut = fs::read(out("000004.phi")).unwrap();
    fs::write(out("000004.phi"), &cut[..cut.len() - 1]).unwrap();
    fs::remove_file(out("000005.phi")).unwrap();
    fs::create_dir(out("000005.phi")).unwrap();
    fs::remove_file(out("000006.phi")).unwrap();
    symlink(world.path("ab.rekey"), out("000006.phi")).unwrap();
    // The mark stays, and C is changed.
    world.phi(&["reencrypt", "--rekey", "ac.rekey", "out/000007.phi"]);
    let changed = files(&world.path("out"));
    assert_eq!(world.job(&JOB), Counts { marked: 23, refused: 7, ..Counts::default() });
    assert_eq!(files(&world.path("out")), changed);
    for name in ["000008.phi", "000029.phi"] {
        assert_eq!(changed[Path::new(name)], before[Path::new(name)]);
    }
}

#[test]
fn input_and_output_may_not_overlap() {
    let world = World::new(5);
    world.shapes("below/it", 3);
    symlink(world.path("in"), world.path("alias")).unwrap();
    let all = || names(&world.path(".")).into_iter().collect::<BTreeSet<_>>();
    let before = (all(), files(&world.path("in")));
    for (from, to) in [
        ("in", "in"),
        ("in", "in/new/out"),
        ("in/below", "in"),
        ("in", "."),
        ("alias", "in/out"),
        ("in", "alias/out"),
        ("in", "in/../in/./out"),
    ] {
        let (code, _, err) = world.run(&["reencrypt", "--rekey", "ab.rekey", "--in", from, "--out", to]);
        assert_eq!(code, Some(1));
        assert!(err.contains("input and output overlap"), "{from} {to}: {err}");
    }
    assert_eq!((all(), files(&world.path("in"))), before);
    assert!(!world.path("in/new").exists());
}

#[test]
fn a_job_that_cannot_start_says_why() {
    let world = World::new(6);
    world.shapes("", 3);
    let fails = |arguments: &[&str], code: i32, why: &str| {
        let (found, out, err) = world.run(arguments);
        assert_eq!(found, Some(code), "{out}{err}");
        assert!(err.contains(why), "{arguments:?}: {err}");
    };
    let job = |from, to| ["reencrypt", "--rekey", "ab.rekey", "--in", from, "--out", to];
    fails(&job("absent", "out"), 1, "absent: No such file");
    fails(&job("ab.rekey", "out"), 1, "ab.rekey: Not a directory");
    fails(&job("in", "ab.rekey"), 1, "ab.rekey: ");
    fails(&job("in", "ab.rekey/out"), 1, "ab.rekey/out: Not a directory");
    fails(&job("in", "gs://bucket"), 1, "neither a folder, file:///..., nor s3://...");
    fails(&job("in", "s3://"), 1, "s3://");
    fails(&["reencrypt", "--rekey", "a.secret", "--in", "in", "--out", "out"], 1, "not a phi-pre re-encryption key");
    fails(&["reencrypt", "--rekey", "ab.rekey", "--in", "in"], 2, "--out");
    fails(
        &["reencrypt", "--rekey", "ab.rekey", "--in", "in", "--out", "out", "in/000000.phi"],
        2,
        "cannot be used with",
    );
    fails(&["reencrypt", "--rekey", "ab.rekey"], 2, "ENVELOPE");
    assert!(!world.path("out").exists());

    fs::create_dir(world.path("out")).unwrap();
    let other = File::open(world.path("out")).unwrap();
    other.lock().unwrap();
    fails(&JOB, 1, "out: another job writes there");
    drop(other);
    fs::set_permissions(world.path("out"), fs::Permissions::from_mode(0o555)).unwrap();
    if File::create(world.path("out/probe")).is_ok() {
        println!("skipped: a folder that refuses its owner, who is root here");
        fs::remove_file(world.path("out/probe")).unwrap();
    } else {
        fails(&JOB, 1, "out: Permission denied");
    }
}

#[test]
fn an_empty_folder_gives_an_empty_folder() {
    let world = World::new(7);
    fs::create_dir_all(world.path("in/empty too")).unwrap();
    assert_eq!(world.done(&JOB, 0, 0, 0), Counts::default());
    assert_eq!(fs::read_dir(world.path("out")).unwrap().count(), 0);
}

#[test]
fn a_file_url_is_a_folder() {
    let world = World::new(8);
    world.shapes("with spaces", 2);
    let url = format!("file://{}", world.path("in").to_str().unwrap()).replace(' ', "%20");
    world.done(&["reencrypt", "--rekey", "ab.rekey", "--in", &url, "--out", "out"], 2, 0, 0);
    assert_eq!(files(&world.path("out")), world.expected());
}

/// Of 3010 envelopes 3000 are refused. Each refusal is reported, and all valid envelopes are re-encrypted.
#[test]
fn very_many_refusals() {
    let world = World::new(9);
    world.shapes("good", 10);
    fs::create_dir(world.path("in/bad")).unwrap();
    for i in 0..3000 {
        fs::write(world.path("in/bad").join(format!("{i}")), i.to_string()).unwrap();
    }
    let (code, out, _) = world.run(&[&JOB[..], &["--report", "report"]].concat());
    assert_eq!((code, out.lines().count()), (Some(1), 3001));
    assert_eq!(world.report().0.len(), 3000);
    assert_eq!(files(&world.path("out")), world.expected());
}

/// An envelope of 200 MiB and a thousand small ones are re-encrypted within 128 MiB of data, which includes the buffers
/// and stacks of all threads.
#[test]
fn memory_does_not_grow_with_the_files() {
    let world = World::new(10);
    world.shapes("many", 1000);
    let large = world.path("in/large.phi");
    fs::copy(world.path("in/many/000000.phi"), &large).unwrap();
    let chunks = 200 << 20 >> 16;
    File::options().write(true).open(&large).unwrap().set_len(284 + chunks * (65_536 + 16)).unwrap();
    let limited = format!("ulimit -d 131072; exec {:?} {}", env!("CARGO_BIN_EXE_phi-pre"), JOB.join(" "));
    let mut run = Command::new("sh");
    run.current_dir(world.path(".")).env("RAYON_NUM_THREADS", "2").args(["-c", &limited]);
    let output = run.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::metadata(world.path("out/large.phi")).unwrap().size(), fs::metadata(large).unwrap().size());
}

/// A file above the process's size limit is refused and the others are re-encrypted. The next run, without the limit,
/// re-encrypts that file.
#[test]
fn a_file_that_may_not_grow_is_refused_and_resumed() {
    let world = World::new(11);
    world.shapes("", 50);
    world.seal("large.phi", 3_000_000);
    let limited = format!("trap '' XFSZ; ulimit -f 2000; exec {:?} {}", env!("CARGO_BIN_EXE_phi-pre"), JOB.join(" "));
    let output = Command::new("sh").current_dir(world.path(".")).args(["-c", &limited]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("\"large.phi\": File too large"), "{out}");
    assert!(!world.path("out/large.phi").exists());
    assert_eq!(world.done(&JOB, 1, 50, 0).reencrypted, 1);
    assert_eq!(files(&world.path("out")), world.expected());
}

/// A full disk ends the job with an error that says so. Every named output is whole. Once there is room, the job
/// resumes.
#[test]
fn a_full_disk_ends_the_job_and_room_resumes_it() {
    let world = World::new(12);
    world.shapes("", 2000);
    fs::create_dir(world.path("disk")).unwrap();
    let Some(_mounted) = world::Mounted::tmpfs(&world.path("disk"), "1m") else {
        println!("skipped: a full disk, since no tmpfs can be mounted here");
        return;
    };
    let job = ["reencrypt", "--rekey", "ab.rekey", "--in", "in", "--out", "disk/out"];
    let (code, out, err) = world.run(&job);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(err.contains("No space left on device") && err.contains("run the same command again to resume"), "{err}");
    let there = files(&world.path("disk/out"));
    assert!(there.len() < 2000);
    let expected = world.expected();
    for (name, bytes) in &there {
        assert!(*bytes == expected[name], "{}", name.display());
    }
    let remounted = Command::new("mount").args(["-o", "remount,size=64m"]).arg(world.path("disk")).status().unwrap();
    assert!(remounted.success());
    let counts = world.job(&job);
    assert_eq!(counts.reencrypted, 2000 - there.len() as u64);
    assert_eq!(files(&world.path("disk/out")), expected);
}
