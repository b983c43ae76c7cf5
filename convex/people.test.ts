// @vitest-environment edge-runtime
import { describe, expect, test } from "vitest";
import { as, at, OWNER, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

describe("people", () => {
  test("the owner is made once, named after the system's user, and has a terminal", async () => {
    const { t } = await startBackend();
    expect(await t.mutation(api.system.ensureOwner, { osUser: "root" })).toMatchObject({
      name: "root",
      created: false,
    });
    expect(await t.query(api.people.list, { actor: OWNER })).toEqual([
      expect.objectContaining({ name: "root", roles: ["owner"], handles: ["terminal:root"] }),
    ]);
  });

  test("names are unique whatever their case; a handle belongs to one person", async () => {
    const { t, person } = await startBackend();
    await person("Ana");
    await expect(t.mutation(api.people.add, { actor: OWNER, name: "ANA", roles: [] })).rejects.toMatchObject({
      data: { code: "conflict" },
    });
    await expect(
      t.mutation(api.people.link, { actor: OWNER, name: "root", handle: "terminal:Ana" }),
    ).rejects.toMatchObject({ data: { code: "conflict" } });
    await expect(t.mutation(api.people.link, { actor: OWNER, name: "Ana", handle: "sms:12" })).rejects.toMatchObject({
      data: { code: "invalid_input", field: "handle" },
    });
  });

  test("a name that could be taken for another, or steer where it is shown -> refused", async () => {
    const { t, person } = await startBackend();
    await person("Zoé");
    const add = (name: string) => t.mutation(api.people.add, { actor: OWNER, name, roles: [] });
    for (const name of ["Z\u200boé", "A\u0000na", "\u202eana", "A\u001b[31mna", "x".repeat(81), ""]) {
      await expect(add(name)).rejects.toMatchObject({ data: { code: "invalid_input", field: "name" } });
    }
    await expect(add("Zoe\u0301")).rejects.toMatchObject({ data: { code: "conflict" } });
  });

  test("only an owner or admin manages people; --as has the other's rights, not the operator's", async () => {
    const { t, person } = await startBackend();
    await person("ana");
    const add = (actor: typeof OWNER) => t.mutation(api.people.add, { actor, name: "new", roles: [] });
    await expect(add(at("terminal:ana"))).rejects.toMatchObject({ data: { code: "forbidden" } });
    await expect(add(as("ana"))).rejects.toMatchObject({ data: { code: "forbidden" } });
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: ["admin"], remove: [] });
    expect(await add(at("terminal:ana"))).toMatchObject({ name: "new" });
    await expect(
      t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: ["owner"], remove: [] }),
    ).rejects.toMatchObject({ data: { code: "invalid_input" } });
  });

  test("I10: what an operator does for another is in the record with both names", async () => {
    const { t, person } = await startBackend();
    await person("ana", "admin");
    await t.mutation(api.people.add, { actor: as("ana"), name: "bo", roles: [] });
    const [row] = await t.query(api.audit.list, {});
    expect(row).toMatchObject({ kind: "person.added", person: "operator (root) for ana", channel: "cli" });
  });

  test("who acts is told by name; whoever nobody knows is refused", async () => {
    const { t, person } = await startBackend();
    await person("ana");
    expect(await t.query(api.people.acting, { actor: as("ANA") })).toEqual({
      name: "ana",
      shown: "operator (root) for ana",
    });
    await expect(t.query(api.people.acting, { actor: as("zed") })).rejects.toMatchObject({
      data: { code: "not_found", field: "as", remedy: expect.stringContaining("people list") },
    });
  });

  test("an unlinked handle is nobody again", async () => {
    const { t, person } = await startBackend();
    await person("ana");
    await t.mutation(api.people.unlink, { actor: OWNER, name: "ana", handle: "terminal:ana" });
    await expect(t.query(api.people.list, { actor: at("terminal:ana") })).rejects.toMatchObject({
      data: { code: "forbidden" },
    });
  });
});
