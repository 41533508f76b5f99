#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion scripts parse, and bash's completes. $1: the costop binary.
# shellcheck source=tests/support/common.sh
source "$(dirname "$0")/../support/common.sh"

"$costop" completion bash >bash.sh
bash -n bash.sh
if command -v shellcheck >/dev/null; then shellcheck -s bash bash.sh; fi
"$costop" completion zsh >_costop
if command -v zsh >/dev/null; then zsh -n _costop; fi
"$costop" completion fish >costop.fish
if command -v fish >/dev/null; then fish -n costop.fish; fi
for word in replication quiet; do
  grep -q -- "--$word" _costop || fail "zsh lacks --$word"
  grep -q -- "-l $word" costop.fish || fail "fish lacks --$word"
done

# shellcheck source=/dev/null
source bash.sh
# complete_words EXPECTED WORD…: is EXPECTED among what is offered for the last WORD?
complete_words() {
  local wanted=$1
  shift
  COMP_WORDS=(costop "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _costop
  [[ " ${COMPREPLY[*]} " == *" $wanted "* ]] ||
    fail "'$*' offers ${COMPREPLY[*]:-nothing}, not $wanted"
}
touch my-scenario.json
complete_words run ru
complete_words check -v ch
complete_words --replication run --rep
complete_words my-scenario.json run my
complete_words json run -F j
complete_words never --color n
complete_words locks list lo
complete_words zsh completion z
complete_words run --color always ru
complete_words LHP explain LH
complete_words spinlock new sp
complete_words --version --ver
COMP_WORDS=(costop list --repl) COMP_CWORD=2 COMPREPLY=()
_costop
[[ ${#COMPREPLY[@]} == 0 ]] || fail "list offers ${COMPREPLY[*]}"
