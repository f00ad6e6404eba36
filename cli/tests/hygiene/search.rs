//! Searches files for secrets: as bytes, as hexadecimal digits, as base64 at any offset of a text, and as a list of
//! numbers, in both byte orders. The first or the last 16 bytes of a secret suffice for a match.

use aho_corasick::AhoCorasick;
use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The length of the two searched ends of a secret, in bytes.
const PIECE: usize = 16;

#[derive(Default)]
pub(crate) struct Search {
    names: Vec<String>,
    patterns: Vec<Vec<u8>>,
}

impl Search {
    pub(crate) fn secret(&mut self, name: &str, bytes: &[u8]) {
        assert!(bytes.len() >= PIECE, "{name}: {} bytes could stand anywhere by chance", bytes.len());
        for piece in [&bytes[..PIECE], &bytes[bytes.len() - PIECE..]] {
            for form in forms(piece) {
                self.names.push(name.to_owned());
                self.patterns.push(form);
            }
        }
    }

    /// The secrets found in files below `folder`, with the files.
    pub(crate) fn below(&self, folder: &Path) -> BTreeSet<(String, PathBuf)> {
        let automaton = AhoCorasick::new(&self.patterns).unwrap();
        let (mut found, mut folders, mut files) = (BTreeSet::new(), vec![folder.to_owned()], 0);
        while let Some(at) = folders.pop() {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                files += 1;
                // The path is searched, too.
                let text = [path.to_string_lossy().as_bytes(), &fs::read(&path).unwrap()].concat();
                let hits = automaton.find_overlapping_iter(&text).map(|hit| hit.pattern());
                found.extend(hits.map(|i| (self.names[i.as_usize()].clone(), path.clone())));
            }
        }
        assert!(files > 0, "nothing to search in {}", folder.display());
        found
    }
}

/// The forms in which `piece` may be written.
pub(crate) fn forms(piece: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for bytes in [piece.to_vec(), piece.iter().rev().copied().collect()] {
        let numbers = |separator: &str, number: fn(&u8) -> String| {
            bytes.iter().map(number).collect::<Vec<_>>().join(separator).into_bytes()
        };
        forms.extend([hex::encode(&bytes).into_bytes(), hex::encode_upper(&bytes).into_bytes()]);
        forms.push(numbers(", ", u8::to_string)); // Debug, JSON in one line
        forms.push(numbers(",", u8::to_string));
        forms.push(numbers(":", |byte| format!("{byte:02x}")));
        for before in 0..3 {
            // Within a longer text, only the characters without a bit of the neighbouring bytes depend on the piece
            // alone.
            let longer = [&[0; 2][..before], &bytes].concat();
            let own = (8 * before).div_ceil(6)..8 * longer.len() / 6;
            forms.push(Base64Unpadded::encode_string(&longer).as_bytes()[own.clone()].to_vec());
            forms.push(Base64UrlUnpadded::encode_string(&longer).as_bytes()[own].to_vec());
        }
        forms.push(bytes);
    }
    forms
}
