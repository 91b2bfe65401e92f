#!/bin/bash
# make edit: the tree to work in stays as it is whatever else runs, its commits come
# back, and nothing that has not come back is lost.  The base is a small one: the
# files that the series touches.

. "$(dirname "$0")/tap"
base_conf

git_quietly() {
	git "$@" >"$tmp/err" 2>&1 || {
		result 1 "git $*"
		exit 1
	}
}

# a copy of the repository with the first patches of this base only
copy
(
	cd "$tmp/copy" || exit
	find patches -mindepth 1 -maxdepth 1 ! -name "$BASE" -exec rm -r {} +
	sed -n '/\.patch/p' "patches/$BASE/series" | head -n 3 >"$tmp/series"
	mv "$tmp/series" "patches/$BASE/series"
	find "patches/$BASE" -name '*.patch' | grep -vFf "patches/$BASE/series" | xargs rm
	rm -rf "${kernel_dirs[@]}" "patches/$BASE/overlay"
	top=$tmp/copy used_by "$BASE"
) >"$tmp/adds"
tar -T "$tmp/adds" -cf - | tar -xf - -C "$tmp/copy"

# a base of the files that they touch, as a tarball
mkdir "$tmp/kernel"
commit=$(scripts/source 2>"$tmp/err") && series=$("$tmp/copy/scripts/series" 2>"$tmp/err")
result $? "the base and the series are there"
{
	printf '%s\n' Makefile Kconfig mm/Makefile .gitattributes .gitignore
	mails "$series" | xargs sed -n 's,^\(---\|+++\) [ab]/,,p'
} | sort -u >"$tmp/touched"
git --git-dir "$cache/linux.git" ls-tree -r --name-only "$commit" | sort |
	comm -12 - "$tmp/touched" |
	xargs git --git-dir "$cache/linux.git" archive "$commit" |
	tar -x -C "$tmp/kernel"
tar -C "$tmp" -czf "$tmp/kernel.tar.gz" kernel
export GIT_AUTHOR_NAME=tester GIT_AUTHOR_EMAIL=tester@localhost
export GIT_COMMITTER_NAME=tester GIT_COMMITTER_EMAIL=tester@localhost
git_quietly init "$tmp/copy"
git_quietly -C "$tmp/copy" add -A
git_quietly -C "$tmp/copy" commit -m all
export BASE XDG_CACHE_HOME=$tmp/cache KDIR='' KSRC=$tmp/kernel.tar.gz
cd "$tmp/copy" || exit 1

edit=$tmp/copy/out/edit/$BASE
scripts/edit >"$tmp/out" 2>"$tmp/err"
result $? "a new tree"
grep -qF "scripts/refresh $edit base" "$tmp/out"
result $? "it says how commits come back"
[ "$(git -C "$edit" rev-list --count base..series)" = "$(grep -c '\.patch' "patches/$BASE/series")" ]
result $? "it holds a commit for each patch"
scripts/edit >"$tmp/out" 2>"$tmp/err"
result $? "once more, with nothing to lose"

touch "$edit/mm/edit.c"
[ "$(git -C "$edit" status --porcelain)" = "?? mm/edit.c" ]
result $? "git sees a new file"
rm "$edit/mm/edit.c"

echo '# edited' >>"$edit/mm/Makefile"
fails "uncommitted changes" "uncommitted changes: commit" scripts/edit
git_quietly -C "$edit" commit -am "mm: edit"
fails "commits that are not in patches/" "has commits that patches/$BASE has not" scripts/edit
head=$(git -C "$edit" rev-parse HEAD)
scripts/tree ours >"$tmp/out" 2>"$tmp/err" && make -s clean 2>"$tmp/err" &&
	[ "$(git -C "$edit" rev-parse HEAD)" = "$head" ] &&
	[ -z "$(git -C "$edit" status --porcelain)" ]
result $? "make clean and the tree of the tests leave it alone"

scripts/refresh "$edit" base >"$tmp/out" 2>"$tmp/err"
result $? "refresh brings its commits back"
[ "$(git status --porcelain)" = " M patches/$BASE/series
?? patches/$BASE/0004-mm-edit.patch" ]
rc=$?
git status --porcelain >"$tmp/err"; git diff | grep -v "^  " >>"$tmp/err"
result $rc "as one more patch, and changes nothing else"
scripts/edit >"$tmp/out" 2>"$tmp/err"
result $? "once more, after all came back"

# from a git tree with a history, of which the cache takes one commit
git_quietly init "$tmp/kernel"
git_quietly -C "$tmp/kernel" add -Af
git_quietly -C "$tmp/kernel" commit -m one
git_quietly -C "$tmp/kernel" commit --allow-empty -m two
KSRC='' KDIR=$tmp/kernel scripts/edit "$tmp/elsewhere" >"$tmp/out" 2>"$tmp/err" &&
	[ "$(git -C "$tmp/elsewhere" rev-parse 'series^{tree}')" = "$(git -C "$edit" rev-parse 'series^{tree}')" ]
result $? "DIR=, on a base given with KDIR="
mkdir "$tmp/mine"
fails "a folder that is not ours" "make edit did not make it" scripts/edit "$tmp/mine"
echo "1..$n"
