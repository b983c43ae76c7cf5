import { expect, test } from "vitest";
import fc from "../../test/property.ts";
import { cutBytes, jsonBytes } from "./bounds.ts";
import { demandBranch, demandPath, demandPull, readRepo } from "./names.ts";
import { isSecretPath, withoutSecrets } from "./secrets.ts";

test.each([
  ["acme/site", "acme", "site"],
  [" https://github.com/acme/site ", "acme", "site"],
  ["https://github.com/acme/site.git", "acme", "site"],
  ["git@github.com:acme/site.git", "acme", "site"],
  ["https://github.example.com/acme/site.io/pull/3", "acme", "site.io"],
])("%s is a repository", (text, owner, name) => expect(readRepo(text)).toEqual({ owner, name }));

test.each(["", "site", "acme/", "/site", "acme/..", "-acme/site", "ac me/site", "acme/si te", "acme/site\n../x"])(
  "%j is none",
  (text) => expect(readRepo(text)).toBeNull(),
);

test("a pull request is named by number, by repository and number, or by address", () => {
  const site = { owner: "acme", name: "site" };
  expect(demandPull("12")).toEqual({ repo: null, number: 12 });
  expect(demandPull("#12")).toEqual({ repo: null, number: 12 });
  expect(demandPull("acme/site#12")).toEqual({ repo: site, number: 12 });
  expect(demandPull("https://github.com/acme/site/pull/12/files?w=1")).toEqual({ repo: site, number: 12 });
  for (const wrong of ["", "0", "twelve", "12 or 13", "https://github.com/acme/site/issues/12", "1e3"])
    expect(() => demandPull(wrong)).toThrow();
});

test("what passes as a branch or a path can be put into an address as it is, and leads nowhere else", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab/._-@{}~^: \\?*[\u0000#%".split("")), maxLength: 12 });
  fc.assert(
    fc.property(text, (given) => {
      for (const read of [() => demandBranch(given, "name"), () => demandPath(given)]) {
        let taken: string;
        try {
          taken = read();
        } catch {
          continue;
        }
        expect(taken).not.toMatch(/^\/|\/\/|(?:^|\/)\.\.(?:\/|$)|\p{Cc}/u);
      }
    }),
  );
});

test.each([
  ".env",
  "app/.env.production",
  "id_rsa",
  "deploy/key.pem",
  "config/credentials.json",
  ".aws/config",
  "prod.tfvars",
  "secrets.yml",
])("%s may hold secrets", (path) => expect(isSecretPath(path)).toBe(true));
test.each([".env.example", "src/secrets.test.ts", "docs/credentials.md", "src/keys.ts", "README.md"])(
  "%s is read",
  (path) => expect(isSecretPath(path)).toBe(false),
);

test("keys and tokens in a text are taken out; its lines stay where they are", () => {
  const key = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----";
  const text = `a\n${key}\nconst t = "ghp_${"x".repeat(36)}";\nz`;
  const clean = withoutSecrets(text);
  expect(clean).not.toMatch(/ghp_|abc/);
  expect(clean.split("\n")).toHaveLength(text.split("\n").length);
  expect(clean.split("\n").at(-1)).toBe("z");
});

test("a cut text takes at most its bytes as JSON, and as many as it can; no character is halved", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "é", "漢", "😀", "\n", '"', "\u0001"), maxLength: 60 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 200 }), (text, maxBytes) => {
      const cut = cutBytes(text, maxBytes);
      expect(text.startsWith(cut)).toBe(true);
      expect(jsonBytes(cut)).toBeLessThanOrEqual(maxBytes);
      expect(cut.isWellFormed()).toBe(true);
      const next = [...text.slice(cut.length)][0];
      if (next !== undefined) expect(jsonBytes(cut + next)).toBeGreaterThan(maxBytes);
    }),
  );
});
