#!/usr/bin/env bash
# Asks a running service everything that its document allows and forbids: no 5xx, no answer that the document does not know.
# EXAMPLES (3) is how many each operation gets beyond the fixed ones, SEED (1) makes a run come out alike. Needs python3 with venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

examples=${EXAMPLES:-3}
seed=${SEED:-1}
work=$(mktemp -d)
service=
finish() {
  if [ -n "$service" ]; then
    kill -TERM "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

npm run -s build
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5

port=$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
key=schemathesis-operator-key
PORT=$port DATA_DIR=$work/data BOOTSTRAP_API_KEY=$key LOG_LEVEL=warn WORKER_PROCESSES=1 \
  RATE_LIMIT_PER_KEY=0 RATE_LIMIT_PER_ADDRESS=0 RATE_LIMIT_FAILED_AUTH=0 RATE_LIMIT_UNKNOWN=0 \
  node --enable-source-maps dist/start.js >"$work/service.log" 2>&1 &
service=$!

url=http://localhost:$port
for _ in $(seq 100); do
  if curl --fail --silent --output /dev/null "$url/readyz"; then break; fi
  sleep 0.3
done

status=0
(cd "$work" && "$work/venv/bin/st" --config-file "$OLDPWD/test/schemathesis/schemathesis.toml" run "$url/openapi.json" \
  --url "$url" --header "Authorization: Bearer $key" --checks all --seed "$seed" --max-examples "$examples" \
  --no-shrink --continue-on-failure --request-timeout 20 --suppress-health-check all >"$work/report" 2>&1) || status=$?
# A failure may hold a request of 80 kB.
if [ "$status" -ne 0 ]; then
  cut -c1-400 "$work/report" | sed -n '/= \(FAILURES\|ERRORS\) =/,$p' | head -300
  echo 'the log of the service ends:'
  tail -20 "$work/service.log" | cut -c1-400
fi
cut -c1-400 "$work/report" | sed -n '/= SUMMARY =/,$p'
exit "$status"
