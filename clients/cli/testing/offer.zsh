# zsh -f offer.zsh FOLDER LINE: what zsh offers at the end of LINE, one a line, with the completion FOLDER/_baryon.
# Completion works in a terminal alone: a second zsh gets one, its compadd tells what it adds, and keys are pressed.
cd $1
cat >setup.zsh <<'SETUP'
PS1= PS2=
stty -echo columns 2000
fpath=($PWD $fpath)
autoload -U compinit && compinit -u -D
source ./_baryon
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "$@"
  (($#hits)) && print -rl -- "offer="${^hits}
  builtin compadd "$@"
}
finish() { print -r -- finished; exit }
zle -N finish
bindkey "^X" finish
bindkey "^I" complete-word
SETUP
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'source ./setup.zsh; print rea""dy'
zpty -r shell line '*ready*'
zpty -w -n shell "$2"$'\t'$'\x18'
zpty -r shell line '*finished*'
zpty -d shell
rm setup.zsh
print -r -- $line | tr -d '\r' | grep -o 'offer=.*' | cut -d= -f2-
exit 0
