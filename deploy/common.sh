# Shared by deploy/run and deploy/test: packages and the build. Sourced, with the project's root as working directory.

say() { echo "$(basename "$0"): $*" >&2; }

# install_packages WORD...: installs the packages that deploy/packages.txt lists with one of the words and that are
# missing; nothing when none is.
install_packages() {
  local wanted missing=() name
  wanted=$(sed -e 's/#.*//' deploy/packages.txt | awk -v words=" $* " 'NF && index(words, " " $2 " ") { print $1 }')
  for name in $wanted; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || { say "expected Debian with apt-get; missing: ${missing[*]}"; exit 1; }
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  say "installing ${#missing[@]} packages"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# bazel COMMAND with output that suits a log as well as a terminal.
run_bazel() {
  local command=$1
  shift
  bazel "$command" --color=auto --show_progress_rate_limit=20 "$@"
}
