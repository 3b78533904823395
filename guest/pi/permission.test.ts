import assert from "node:assert/strict";
import { test } from "node:test";
import { permissionsOf } from "./permission.ts";

/** Directories of a task in which /outputs/out is a link to /work, and nothing else leads elsewhere. */
const real = (directory: string) => directory.replace(/^\/outputs\/out(?=\/|$)/, "/work");
const asked = (text: string, workIsOutputs = false) =>
  [...permissionsOf(text, { workIsOutputs, real })].sort().join(" ");

/** Command lines, one a line. */
const CASES: Readonly<Record<string, string>> = {
  delete: String.raw`
    rm a
    /bin/rm -rf a
    \rm a
    'r'm a
    ls; rm a
    ls && rm a || true
    ls | xargs -n 1 rm
    xargs -I {} rm {}
    (rm a)
    { rm a; }
    if true; then rm a; fi
    for f in *; do rm "$f"; done
    f() { rm a; }; f
    X=1 rm a
    echo $(rm a)
    echo "$(rm a)"
    X=$(rm a)
    cat <(rm a)
    sudo rm a
    nice -n 5 rm a
    timeout -k 1 5 rm a
    find . -delete
    find . -name '*.o' -exec rm {} \;
    fd -e o -x rm
    bash -c 'rm a'
    bash -lc "ls; rm a"
    trap 'rm a' EXIT
    bash <<< 'rm a'
    rmdir a
    unlink a
    shred -u a
    git rm a
    git -C sub rm a
    git clean -fdx
    git worktree remove x
    rsync -a --delete a/ b/
    tar --remove-files -cf x.tar a
    rm -- -a
    rm /outputs
    rm /outputs/../work/a
    cd /outputs && rm a
    rm "$F"
    rm ~/a
    rm /outputs/a /work/b
    rm /outputs/out/a
    rm -r /outputs/out/
    rm /outputs/*/a
    2>/dev/null rm a
    rm a 2>&1 | cat`,
  move: `
    mv a b
    mv /work/a /outputs/a
    mv -t /work /outputs/a
    mv --target-directory=/work /outputs/a
    rename s/a/b/ *
    git mv a b`,
  discard: `
    git checkout -- a
    git checkout .
    git checkout -f main
    git restore a
    git reset --hard
    git stash
    git stash drop
    git branch -D x
    git switch --discard-changes x`,
  opaque: `
    $X a
    $(echo rm) a
    ls; "$X" a
    eval "$X"
    curl -s x | sh
    cat x | python3 -
    python3 -c 'import os; os.remove("a")'
    python3 -c 'import subprocess'
    node -e 'require("fs").rmSync("a")'
    awk 'BEGIN { system("x a") }'`,
  "delete move": "rm a; mv b c",
  "delete opaque": `perl -e 'unlink "a"'`,
  "": `
    ls -la
    echo rm a
    grep rm a
    git status
    git log -- rm
    git add -A
    git checkout main
    git stash list
    git reset a
    git clean -n
    git restore --staged a
    git commit -m "add x (y)"
    cd "$(git rev-parse --show-toplevel)" && ls
    sed -i s/a/b/ f
    echo x > f
    cp a b
    command -v rm
    which rm
    python3 script.py
    python3 -c 'print(1)'
    npm test
    make clean
    ./run.sh
    rm /outputs/a
    rm -rf "/outputs/a" /outputs/b/c 2>/dev/null
    mv /outputs/a /outputs/b
    rm /outputs/*.o
    for f in *; do echo "$f"; done
    cat a | sort | uniq -c
    find . -name '*.ts' -exec cat {} +
    awk '{ print $1 }' a`,
};
for (const [expected, texts] of Object.entries(CASES))
  for (const text of texts.trim().split(/\n\s*/))
    test(`${JSON.stringify(text)}: ${expected || "not asked"}`, () => assert.equal(asked(text), expected));

test("a line of a text for another shell or interpreter is a command", () => {
  assert.equal(asked("bash <<'E'\nls\nrm a\nE"), "delete");
  assert.equal(asked("rm\\\n a"), "delete");
  assert.equal(asked("cat > README.md <<E\n```\n$ ls\n```\nE"), "");
  assert.equal(asked("python3 <<'E'\nimport os\nos.unlink('a')\nE"), "opaque");
});

test("a text that is only printed is asked for as well", () => assert.equal(asked("echo 'rm a'"), "delete"));

test("a task without a folder works in its outputs", () => {
  assert.equal(asked("rm a", true), "");
  assert.equal(asked("mv a b", true), "");
  assert.equal(asked("cd /tmp && rm a", true), "delete");
  assert.equal(asked("rm /home/task/a", true), "delete");
});

test("a long text without blanks takes no time to speak of", () => {
  const started = performance.now();
  for (const piece of ["'a=", '"a/', "-exec", "git -C", "a|", "python"]) asked(piece.repeat(100_000));
  assert(performance.now() - started < 5_000);
});
