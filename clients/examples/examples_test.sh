#!/usr/bin/env bash
# Every example does what its first lines say, against a server of the demo: examples_test PROGRAM
set -euo pipefail
program=$1
examples=clients/examples
export PYTHONPATH=clients/python PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill -KILL "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

mkfifo "$work/ready"
"$program" serve --repository deploy/demo/repository --measure-seconds 0 --grpc-port 0 --http-port 0 --metrics-port 0 >"$work/ready" &
server=$!
read -r line <"$work/ready"
BARYON_SERVER=$(sed 's/.* grpc=\([^ ]*\).*/\1/' <<<"$line")
export BARYON_SERVER

# expect PATTERN COMMAND...: the whole output of the command is lines of PATTERN.
expect() {
  local pattern=$1
  shift
  local output
  output=$("$@") || { echo "failed: $*"; exit 1; }
  if [ -z "$output" ] || grep -vxE "$pattern" <<<"$output"; then
    echo "expected lines of $pattern, got \"$output\" from: $*"
    exit 1
  fi
}

pictures="deploy/demo/pictures/3.png deploy/demo/pictures/7.png"
classes="$(sed 's/ /|/' <<<"$pictures")|  +[0-9.]+  [0-9]"
/usr/bin/python3 - "$work/frames" <<'P'
# The digits of the golden case as raw frames of 8x8 bytes.
import io, sys, zipfile, numpy
case = zipfile.ZipFile("tests/golden/digits.zip").read("digits/input.npz")
[name] = (arrays := numpy.load(io.BytesIO(case))).files
digits = arrays[name][:20]
open(sys.argv[1], "wb").write((digits * 255).round().astype(numpy.uint8).tobytes())
P
frames='frame [0-9]+: class [0-9], at [01]\.[0-9]{4}'

expect '3, at [01]\.[0-9]{2}' /usr/bin/python3 $examples/predict_digit.py "$BARYON_SERVER"
expect '3, at [01]\.[0-9]{2}' $examples/predict_digit "$BARYON_SERVER"
expect "$classes" /usr/bin/python3 $examples/classify_picture.py digits $pictures
expect "$classes" $examples/classify_picture "$BARYON_SERVER" digits $pictures
expect "$frames" /usr/bin/python3 $examples/stream_frames.py digits 1 8 8 <"$work/frames"
expect "$frames" $examples/stream_frames "$BARYON_SERVER" digits 1 8 8 <"$work/frames"
/usr/bin/python3 $examples/stream_frames.py digits 1 8 8 <"$work/frames" >"$work/python"
$examples/stream_frames "$BARYON_SERVER" digits 1 8 8 <"$work/frames" >"$work/cpp"
diff <(cut -d, -f1 "$work/python") <(cut -d, -f1 "$work/cpp")
[ "$(wc -l <"$work/cpp")" = 20 ] || { echo "expected 20 answers, got $(cat "$work/cpp")"; exit 1; }
expect '[0-9]+ requests/s, p50 [0-9.]+ ms, p99 [0-9.]+ ms' /usr/bin/python3 $examples/load_test.py digits 0.5 2
$examples/load_test "$BARYON_SERVER" digits 0.5 2

kill -TERM $server
wait $server
