#!/usr/bin/env bash
# Checks every proof of this folder. Installs nothing.
#   proofs/check.sh             builds, audits, runs the mutations of coq/ and SPASS, and checks the lanes: minutes
#   proofs/check.sh --coqchk    also re-checks the compiled proofs with coqchk
#   proofs/check.sh --accept    writes the pinned files anew, for a reviewed change
# Exit status: 0 all as recorded, 1 a check failed, 2 a tool is missing or usage.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
accept=0 coqchk=0
for arg in "$@"; do
  case $arg in
    --coqchk) coqchk=1 ;;
    --accept) accept=1 ;;
    *) sed -n '2,6p' "$0" >&2; exit 2 ;;
  esac
done

missing=0
for tool in coqc coq_makefile coqchk make patch perl SPASS cargo; do
  command -v "$tool" >/dev/null || { echo "missing: $tool" >&2; missing=1; }
done
if command -v coqc >/dev/null; then
  lib=$(coqc -where)/user-contrib
  for part in mathcomp/algebra mathcomp/solvable Coqprime; do
    [ -d "$lib/$part" ] || { echo "missing: Coq library $part" >&2; missing=1; }
  done
fi
if [ $missing = 1 ]; then
  echo "on Debian bookworm:" >&2
  sed -n 's/^    apt-get /  apt-get /p' "$here/README.md" >&2
  echo "cargo comes with Rust" >&2
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
line() { printf '%-8s %s\n' "$1" "$2"; }
bad()  { line FAILED "$1"; failures=$((failures + 1)); }

# Every theorem of the folder $1, as File.name.
theorems() {
  local file
  for file in $(sed -n 's/\.v$//p' "$1/_CoqProject"); do
    sed -nE "s/^(Theorem|Corollary) ([A-Za-z0-9_']+).*/$file.\2/p" "$1/$file.v"
  done
  [ ! -f "$1/Bilinear.v" ] || echo Bilinear.F5_bilinear
}

# Every definition of the folder $1 that a statement may rest on, as File.name. Those of the lanes are in three files.
definitions() {
  local file
  local files
  if [ -f "$1/Statements.v" ]; then files="Statements Tower Specifications"; else files=$(sed -n 's/\.v$//p' "$1/_CoqProject"); fi
  for file in $files; do
    sed -nE "s/^(Definition|Fixpoint|Record|Inductive) ([A-Za-z0-9_']+).*/$file.\2/p" "$1/$file.v"
  done | grep -v '^Bilinear.F5_bilinear$'
}

# Words that would let a statement in without a proof, outside comments.
# A Variable or Hypothesis is an axiom, too, unless a Section closes over it.
loopholes() {
  local file
  for file in "$1"/*.v; do
    perl -0777 -e '
      $_ = <>; my $name = shift // "";
      1 while s/\(\*((?:(?!\(\*|\*\)).)*)\*\)/($1 =~ tr,\n,,cdr)/se;
      my ($n, $depth) = (0, 0);
      for my $l (split /\n/) {
        $n++;
        $depth++ if $l =~ /^\s*Section\b/;
        $depth-- if $l =~ /^\s*End\b/;
        print "line $n: $l\n"
          if $l =~ /\b(Admitted|admit|give_up|Axioms?|Conjectures?|Abort|bypass_check|Unset\s+Guard|Unset\s+Positivity|Unset\s+Universe|native_cast_no_check)\b/
          or $l =~ /\b(Parameters?|Declare(?!\s+Scope))\b/
          or ($depth == 0 and $l =~ /^\s*(Variables?|Hypothes[ie]s|Context)\b/);
      }' "$file" | sed "s|^|$(basename "$file") |"
  done
}

# Builds the folder $1 with the library $2 from $here/$3 and prints what is wrong with it, nothing if all is well.
examine() {
  local dir=$1 library=$2 pinned=$here/$3 log=$1/build.log
  loopholes "$dir" | sed 's/^/loophole: /'
  diff <(sed -n '/\.v$/p' "$dir/_CoqProject" | sort) <(cd "$dir" && ls -- *.v | grep -v '^Printed.v$') |
    sed -n 's/^[<>]/file list: &/p'
  if ! make -C "$dir" -j2 all >"$log" 2>&1; then
    sed -nE 's/^File "\.\/(.*)", line ([0-9]+), characters.*/build: \1 line \2/p' "$log" | tail -1
    grep -q '^Error' "$log" || tail -3 "$log" | sed 's/^/build: /'
    return
  fi
  {
    [ "$library" = Lanes ] ||
      echo 'From mathcomp Require Import all_ssreflect all_fingroup all_algebra. Import GroupScope.'
    sed -n 's/\.v$//p' "$dir/_CoqProject" | sed "s/.*/From $library Require &./"
    echo 'Set Printing Width 100.'
    theorems "$dir" | while read -r name; do
      echo "Goal True. idtac \"@@ $name\". Abort."
      echo "Check @$library.$name."
      echo "Goal True. idtac \"@@@ $name\". Abort."
      echo "Print Assumptions $library.$name."
    done
    echo 'Goal True. idtac "@@@@". Abort.'
    definitions "$dir" | sed "s/.*/Print $library.&./"
  } >"$dir/Printed.v"
  if ! (cd "$dir" && coqc -Q . "$library" -w none Printed.v) >"$dir/printed" 2>"$dir/printed.log"; then
    sed 's/^/printing: /' "$dir/printed.log"
    return
  fi
  awk '/^@@ /{on=1; print ""; print $2; next} /^@@@ /{on=0} on' "$dir/printed" >"$dir/statements"
  awk '/^@@@@$/{on=1; next} /^Arguments/{skip=1; next} skip && /^ /{next} {skip=0} on' "$dir/printed" >"$dir/definitions"
  awk '/^@@@@$/{exit} /^@@@ /{on=1; name=$2; next} /^@@ /{on=0}
       on && /^Closed under/ {print name ": closed"; next}
       on && /^[^ ].* : / {print name ": " $1; next}
       on && /^[^ ]/ && !/^Axioms:/ {print name ": " $1}' "$dir/printed" >"$dir/assumptions"
  if [ "$accept" = 1 ] && [ "$dir" != "$work/mutant" ]; then
    cp "$dir/statements" "$pinned/statements.expected"
    cp "$dir/assumptions" "$pinned/assumptions.expected"
    cp "$dir/definitions" "$pinned/definitions.expected"
  fi
  diff "$pinned/assumptions.expected" "$dir/assumptions" | sed -n 's/^[<>]/assumption: &/p'
  diff "$pinned/definitions.expected" "$dir/definitions" | sed -n 's/^[<>]/definition: &/p'
  diff "$pinned/statements.expected" "$dir/statements" | sed -n 's/^[<>]/statement: &/p'
}

# Prints the theorems of the folder $1, of which $work/found says what is wrong.
report() {
  if [ -s "$work/found" ]; then
    while read -r l; do bad "$l"; done <"$work/found"
    return
  fi
  while IFS=: read -r name how; do
    case $how in " closed") line proved "$name" ;; esac
  done <"$1/assumptions"
  sed -n 's/: .*//p' <(grep -v ': closed$' "$1/assumptions") | uniq -c | while read -r n name; do
    line proved "$name (from $n primitives of Coq, listed in assumptions.expected)"
  done
}

echo "== Coq $(coqc --print-version | cut -d' ' -f1): theorems"
mkdir "$work/coq"
cp "$here"/coq/*.v "$here/coq/_CoqProject" "$here/coq/Makefile" "$work/coq"
examine "$work/coq" PhiPre coq >"$work/found"
report "$work/coq"
if [ $coqchk = 1 ] && [ $failures = 0 ]; then
  if (cd "$work/coq" && coqchk -silent -o -Q . PhiPre $(sed -n 's/\.v$//p' _CoqProject | sed 's/^/PhiPre./')) >"$work/coqchk" 2>&1
  then line checked "coqchk, every file"; else bad "coqchk"; tail -5 "$work/coqchk"; fi
fi

echo "== Mutations of the definitions: each must be refused"
if [ $failures = 0 ]; then
  for mutation in "$here"/coq/mutations/*.patch; do
    name=$(basename "$mutation" .patch)
    want=$(sed -n 's/^expect: //p' "$mutation")
    rm -rf "$work/mutant"; cp -R -p "$work/coq" "$work/mutant"; rm -f "$work/mutant/Printed."*
    if ! patch -s -d "$work/mutant" -p1 <"$mutation" >/dev/null; then bad "$name does not apply"; continue; fi
    examine "$work/mutant" PhiPre coq >"$work/found"
    if grep -q -- "$want" "$work/found"
    then line refused "$name ($(grep -m1 -- "$want" "$work/found" | cut -c1-60))"
    else bad "$name: expected '$want', found '$(head -1 "$work/found")'"; fi
  done
fi

echo "== The lanes: programs out of src/group/lanes"
mkdir "$work/lanes"
cp "$here"/lanes/*.v "$here/lanes/_CoqProject" "$here/lanes/Makefile" "$work/lanes"
rm -f "$work/lanes/Programs.v"
if PHI_PRE_PROGRAMS="$work/lanes/Programs.v" cargo test --quiet --locked --manifest-path "$root/Cargo.toml" \
     --package phi-pre --features record-lanes --lib group::recorded >"$work/recorded" 2>&1 && [ -s "$work/lanes/Programs.v" ]
then
  line written "$(grep -c '^Definition .* := Kernel' "$work/lanes/Programs.v") kernels in $(wc -l <"$work/lanes/Programs.v") lines"
  examine "$work/lanes" Lanes lanes >"$work/found"
  report "$work/lanes"
else
  bad "no programs were written"; tail -5 "$work/recorded"
fi

echo "== Symbolic model: questions to SPASS"
"$here/symbolic/check.sh" || failures=$((failures + 1))

echo "== The table of README.md names what exists"
rows=0 names=0
while IFS= read -r row; do
  rows=$((rows + 1))
  while read -r path name; do
    names=$((names + 1))
    if [ ! -f "$root/$path" ]; then bad "README.md names $path: no such file"
    elif ! grep -qE "(^|[^A-Za-z0-9_'])$name($|[^A-Za-z0-9_'])" "$root/$path"; then bad "README.md names $name: not in $path"; fi
  done < <(perl -ne 'while (/`([^`]+\/[^`]+)`: ((?:`[^`]+`(?:, )?)+)/g) { my ($p, $n) = ($1, $2); print "$p $_\n" for $n =~ /`([^`]+)`/g }' <<<"$row")
done < <(sed -n '/^| claim /,/^$/p; /^| part of the lanes /,/^$/p' "$here/README.md" | sed '/^| claim /,+1d; /^| part of the lanes /,+1d; /^$/d')
[ $names -ge 150 ] || bad "README.md: the table is not read ($names names)"
line named "$names names in $rows rows"

echo
if [ $failures = 0 ]; then echo "all proofs check"; else echo "$failures failed"; exit 1; fi
