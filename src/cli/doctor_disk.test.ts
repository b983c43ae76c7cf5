import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { examineDisk } from "./doctor_disk.ts";

const MIB = 1024 * 1024;

test.each([
  [0, false, "0 MiB free where /data is; with none left nothing more can be stored"],
  [99.5 * MIB, false, "99 MiB free where /data is; with none left nothing more can be stored"],
  [100 * MIB, true, "100 MiB free"],
  [5000 * MIB, true, "4 GiB free"],
])("%d bytes free -> %s, %s", (free, ok, detail) => {
  const check = examineDisk("/data", () => free);
  expect(check).toMatchObject({ name: "disk", ok, detail });
  expect(check?.remedy === null).toBe(ok);
});

test("a real folder's disk is read; one that is not there is not judged", () => {
  expect(examineDisk(tmpdir())).toMatchObject({ name: "disk", detail: expect.stringMatching(/^\d+ [MG]iB free/) });
  expect(examineDisk("/no/such/folder")).toBeNull();
});
