#!/usr/bin/env bash
# Asks SPASS every question of questions.txt and compares with what is expected there.
# 'Completion found' means that the saturated clauses do not reach the fact: it holds.
# Anything but the two verdicts (a time limit, an error) is a failure.
set -uo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
failures=0
# Ordered hyperresolution with the usual reductions: sound and complete for Horn clauses.
hyper="-Auto=0 -Sorts=0 -IOHy=1 -RFSub=1 -RBSub=1 -RObv=1 -RTaut=1 -RCon=1 -RFMRR=1 -RBMRR=1
  -RInput=1 -RUnC=1 -PGiven=0 -PProblem=0 -TimeLimit=60"
trim() { sed 's/^ *//; s/ *$//' <<<"$1"; }
while IFS='|' read -r name keys cloud also reached expected; do
  case $name in ''|'#'*) continue ;; esac
  name=$(trim "$name"); keys=$(trim "$keys"); cloud=$(trim "$cloud")
  also=$(trim "$also"); expected=$(trim "$expected")
  parts=(model.dfg flow.dfg "keys_$keys.dfg" "cloud_$cloud.dfg")
  [ "$keys" != blame ] || parts=(blame.dfg)
  {
    cat "${parts[@]}"
    [ -z "$also" ] || printf 'list_of_formulae(axioms).\nformula(%s).\nend_of_list.\n' "$also"
    printf 'list_of_formulae(conjectures).\nformula(%s).\nend_of_list.\nend_problem.\n' "$reached"
  } >"$work/$name.dfg"
  said=$(SPASS $hyper "$work/$name.dfg" 2>&1 | grep 'SPASS beiseite')
  case $said in
    *'Completion found'*) verdict=holds ;;
    *'Proof found'*) verdict=falls ;;
    *) verdict="no verdict (${said:-SPASS rejects the file})" ;;
  esac
  if [ "$verdict" = "$expected" ]; then printf '%-8s %s\n' "$verdict" "$name"
  else printf '%-8s %s: %s, expected %s\n' FAILED "$name" "$verdict" "$expected"; failures=$((failures + 1)); fi
done <questions.txt
[ $failures = 0 ]
