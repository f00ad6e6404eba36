#!/usr/bin/env bash
# Mutates src/group/lanes in scratch copies, one mutation at a time: each must break the check of the programs that the
# mutated code writes. Needs what proofs/check.sh needs.
#   proofs/lanes/mutations.sh       all mutations of mutations.txt, about 15 minutes on two cores
#   proofs/lanes/mutations.sh 8     every eighth one
# Exit status: 0 each one was refused, 1 one was not.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
every=${1:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/lib"
for file in $(sed -n '/^Programs/q; s/\.v$//p' "$here/_CoqProject"); do
  cp "$here/$file.v" "$work/lib"
  coqc -Q "$work/lib" Lanes "$work/lib/$file.v" || exit 1
done
grep -v '^#' "${MUTATIONS:-$here/mutations.txt}" | awk "NR % $every == 0" >"$work/list"

# Writes the programs of the copy $1 to $1/Programs.v.
write() {
  rm -f "$1/Programs.v"
  (cd "$1/copy" && PHI_PRE_PROGRAMS=$1/Programs.v CARGO_TARGET_DIR=$1/target cargo test --quiet --locked --package phi-pre --features record-lanes \
    --lib group::recorded) >"$1/log" 2>&1 && [ -s "$1/Programs.v" ]
}

# Checks the kernels $2.. in the programs of the copy $1, or all methods for the name `methods`: a line of true or false for each.
verdicts() {
  local dir=$1 name
  shift
  {
    echo 'From Lanes Require Import Methods Kernels Tower Specifications.'
    cat "$dir/Programs.v"
    for name in "$@"; do
      if [ "$name" = methods ]; then
        echo 'Eval vm_compute in forallb (fun t => verify (fst t) (snd t)) codes.'
      else
        echo "Eval vm_compute in check codes $name $(sed -n "s/^Theorem ${name}_proved : satisfies codes $name \(.*\)\.$/\1/p" "$here"/{Fields,Towers}.v)."
      fi
    done
  } >"$dir/Mutant.v"
  coqc -Q "$work/lib" Lanes "$dir/Mutant.v" 2>&1 | sed -n 's/^     = //p; s/^Error.*/&/p'
}

# Runs the mutations with the number $1 modulo 2 in a copy of their own.
share() {
  local dir=$work/$1 name file change want got number=0
  mkdir "$dir" "$dir/copy"
  cp -Rp "$work/plain/target" "$dir/target"
  tar -C "$root" --exclude=./target --exclude=./.git --exclude=./node_modules -cf - . | tar -C "$dir/copy" -xf -
  while IFS='|' read -r name file change want; do
    number=$((number + 1))
    [ $((number % 2)) = "$1" ] || continue
    name=${name// /} file=${file// /} want=${want// /}
    change=${change# } change=${change% }
    local source=$dir/copy/src/group/lanes/$file
    cp "$source" "$dir/original"
    perl -0pi -e "$change" "$source"
    if cmp -s "$source" "$dir/original"; then echo "FAILED   $name changes nothing"
    elif ! write "$dir"; then
      if grep -q 'could not compile' "$dir/log"; then echo "FAILED   $name does not compile: $(grep -m1 '^error' "$dir/log")"; else echo "refused  $name (no programs)"; fi
    else
      got=$(verdicts "$dir" "$want")
      if [ "$got" = false ]; then echo "refused  $name ($want)"; else echo "FAILED   $name: $want is ${got:-not there}"; fi
    fi
    cp "$dir/original" "$source"
  done <"$work/list"
}

mkdir "$work/plain"
ln -s "$root" "$work/plain/copy"
write "$work/plain" || { echo "no programs were written"; tail -5 "$work/plain/log"; exit 1; }
wanted=$(sed 's/.*| *//' "$work/list" | sort -u)
verdicts "$work/plain" $wanted >"$work/plain/verdicts"
if [ "$(sort -u "$work/plain/verdicts")" != true ]; then echo "FAILED   the source itself is refused"; exit 1; fi
share 0 >"$work/refused0" &
share 1 | tee "$work/refused1"
wait
cat "$work/refused0"
if grep -h '^FAILED' "$work"/refused[01] >/dev/null; then exit 1; fi
echo "each of $(cat "$work"/refused[01] | wc -l) mutations was refused"
