/** What is never read out of a repository into a conversation or an index. Pure; errs on the side of leaving out. */

const NAMES =
  /(?:^|\/)(?:\.env(?:\..+)?|\.envrc|\.npmrc|\.pypirc|\.netrc|\.pgpass|\.htpasswd|\.git-credentials|\.dockercfg|id_(?:rsa|dsa|ecdsa|ed25519)(?:\..+)?|credentials(?:\.(?:json|ya?ml|ini|xml|txt))?|secrets?(?:\.(?:json|ya?ml|ini|toml|txt|env))?|service[-_]account.*\.json|.*\.tfvars|terraform\.tfstate.*|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|gpg|asc|ppk|ovpn|mobileprovision))$/i;
/** Kept for people to copy; they hold names and no values. */
const EXAMPLES = /\.env\.(?:example|sample|template|dist|defaults)$/i;
const FOLDERS = /(?:^|\/)(?:\.ssh|\.aws|\.gnupg|\.kube|\.docker)\//i;

export const isSecretPath = (path: string): boolean => !EXAMPLES.test(path) && (NAMES.test(path) || FOLDERS.test(path));

const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const TOKENS =
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{36}|SG\.[\w-]{16,}\.[\w-]{16,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})/g;

/** The text with every private key and known form of token replaced; lines stay where they are. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(KEY_BLOCK, (block) => `[secret removed]${"\n".repeat(block.split("\n").length - 1)}`)
    .replace(TOKENS, "[secret removed]");
