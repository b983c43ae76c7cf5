#!/usr/bin/env node
// Checks `factory audit export` with nothing but Node. Usage: node verify_audit_export.mjs FILE. The rules: docs/audit.md.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const sha256 = (text) => createHash("sha256").update(text, "utf8").digest("hex");
const bad = (line, message) => {
  console.error(`line ${line}: ${message}`);
  process.exit(1);
};
const claims = new Map(); // "SUBJECT SEQ" -> [hash, line]: what roots and heads say of events
const tips = new Map(); // subject -> the last event's seq and hash
let root = { seq: 0, hash: "" };
const claim = (subject, seq, hash, line) => {
  const key = JSON.stringify([subject, seq]);
  if (claims.has(key) && claims.get(key)[0] !== hash) bad(line, `two hashes are claimed for row ${seq} of ${subject}`);
  claims.set(key, [hash, line]);
};
function merkle(leaves) {
  let level = leaves.map((leaf) => sha256(JSON.stringify(leaf)));
  while (level.length > 1)
    level = level.flatMap((left, i) => (i % 2 ? [] : i + 1 < level.length ? sha256(left + level[i + 1]) : left));
  return level[0] ?? sha256("");
}
readFileSync(process.argv[2], "utf8")
  .split("\n")
  .filter(Boolean)
  .forEach((text, index) => {
    const [line, row] = [index + 1, JSON.parse(text)];
    if (row.type === "head") claim(row.subject, row.seq, row.hash, line);
    if (row.type === "root") {
      if (row.seq !== root.seq + 1 || row.prev !== root.hash)
        bad(line, `root ${row.seq} does not continue root ${root.seq}`);
      if (merkle(row.leaves) !== row.root) bad(line, `the leaves of root ${row.seq} do not give its root`);
      if (sha256(JSON.stringify([row.seq, row.prev, row.at, row.root])) !== row.hash)
        bad(line, `root ${row.seq} was changed`);
      for (const [subject, seq, hash] of row.leaves) claim(subject, seq, hash, line);
      root = row;
    }
    if (row.type === "event") {
      const { subject, seq, prev, at, kind, personId, person, handle, channel, detail, hash } = row;
      const tip = tips.get(subject) ?? { seq: 0, hash: "" };
      if (seq !== tip.seq + 1)
        bad(line, `row ${tip.seq + 1} of ${subject} is missing, or row ${seq} is out of its order`);
      const fields = [subject, seq, prev, at, kind, personId, person, handle, channel, detail];
      if (sha256(JSON.stringify(fields)) !== hash) bad(line, `row ${seq} of ${subject} was changed`);
      if (prev !== tip.hash) bad(line, `row ${seq} of ${subject} does not continue row ${tip.seq}`);
      const claimed = claims.get(JSON.stringify([subject, seq]));
      if (claimed && claimed[0] !== hash)
        bad(line, `row ${seq} of ${subject} is not what line ${claimed[1]} says it was`);
      tips.set(subject, { seq, hash });
    }
  });
for (const [key, [, line]] of claims) {
  const [subject, seq] = JSON.parse(key);
  if (seq > (tips.get(subject)?.seq ?? 0)) bad(line, `row ${seq} of ${subject} is missing`);
}
console.log(
  `whole: ${[...tips.values()].reduce((sum, tip) => sum + tip.seq, 0)} rows in ${tips.size} chains, ${root.seq} roots`,
);
