"""Which files a walk gives, and that circles of links end."""

from pathlib import Path

import pytest

from rtcomplexity.sources.archives import Unopened
from rtcomplexity.sources.walk import LINKED_FOLDER, regular_files


def walk(root, **options):
    """Relative paths of files, and codes of what was left."""
    found = list(regular_files(root, **options))
    files = [str(path.relative_to(root)) for path in found if not isinstance(path, Unopened)]
    return files, [each.code for each in found if isinstance(each, Unopened)]


@pytest.fixture
def tree(tmp_path):
    for name in ("a/1", "a/b/2", "c/3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_files_come_sorted_folder_by_folder(tree):
    assert walk(tree) == (["a/1", "a/b/2", "c/3"], [])


def test_links_are_followed_only_where_asked(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "4").write_bytes(b"x")
    (tree / "link").symlink_to(outside, target_is_directory=True)
    assert walk(tree) == (["a/1", "a/b/2", "c/3"], [LINKED_FOLDER])
    assert walk(tree, follow_links=True) == (["a/1", "a/b/2", "c/3", "link/4"], [])


def test_a_circle_of_links_ends_and_no_folder_is_walked_twice(tree):
    (tree / "a" / "b" / "up").symlink_to(tree, target_is_directory=True)
    (tree / "c" / "side").symlink_to(tree / "a", target_is_directory=True)
    (tree / "self").symlink_to(tree / "self2", target_is_directory=True)
    (tree / "self2").symlink_to(tree / "self", target_is_directory=True)
    files, left = walk(tree, follow_links=True)
    assert sorted(Path(name).name for name in files) == ["1", "2", "3"]
    assert set(left) <= {"file-unreadable"}


def test_the_output_folder_is_left_out(tree):
    assert walk(tree, without=tree / "c")[0] == ["a/1", "a/b/2"]


def test_one_file_is_itself(tree):
    assert list(regular_files(tree / "a" / "1")) == [tree / "a" / "1"]
