/** What our own git does inside of a sandbox. Constant text: what differs comes as arguments. */
import { MIRROR } from "./executor.ts";

/** Where the snapshot of a worktree is put in its own repository. */
export const TIP = "refs/factory/tip";

/** $1 the branch, $2 the commit it begins from. */
export const CLONE_SCRIPT = `set -e
git clone --quiet --shared --no-checkout --no-tags '${MIRROR}' .
git remote remove origin
git config user.name 'Factory Worker'
git config user.email 'worker@factory.invalid'
git config gc.auto 0
git checkout --quiet -b "$1" "$2"
git for-each-ref --format='delete %(refname)' refs/heads/base | git update-ref --stdin`;

/**
 * $1 the base, $2 a message. Prints the commit with all that was done, a line of numbers and the changed files. What is not committed
 * becomes a commit on top, made with an index of its own: the worktree's index and branch stay as they are.
 */
export const SNAPSHOT_SCRIPT = `set -e
export GIT_DIR=/work/repo/.git GIT_WORK_TREE=/work/repo
head=$(git rev-parse --verify 'HEAD^{commit}')
cp .git/index /tmp/index
export GIT_INDEX_FILE=/tmp/index
git add --all
tree=$(git write-tree)
if [ "$tree" = "$(git rev-parse "$head^{tree}")" ]; then tip=$head
else tip=$(git commit-tree -p "$head" -m "$2" "$tree"); fi
git update-ref ${TIP} "$tip"
echo "$tip"
summary=$(git diff --no-ext-diff --no-textconv --shortstat "$1" "$tip")
echo "$summary"
git diff --no-ext-diff --no-textconv --stat=72 --stat-count=20 "$1" "$tip"`;

/** $1 the base. */
export const BUNDLE_SCRIPT = `set -e
GIT_DIR=/work/repo/.git git bundle create --quiet - ${TIP} "^$1"`;
