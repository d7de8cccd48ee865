//! Network file systems lose locks and syncs, and with them databases: they are refused (D-4).

use std::path::Path;

/// Types, as in the mount table, whose locks or syncs cannot be relied on.
const NETWORKED: &[&str] = &[
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];

/// The type of the network file system that holds the directory of `path`; `None` if it is a local one, or if this
/// system does not tell.
pub(crate) fn network_type(path: &Path) -> Option<String> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = dir.canonicalize().ok()?;
    let table = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = type_of(&dir, &table)?;
    NETWORKED.contains(&kind).then(|| kind.to_owned())
}

/// The type of the mount that `dir` is on: the longest mount point above it, the last one if mounted over.
///
/// A line reads `36 35 98:0 / /mnt/point rw,noatime master:1 - ext3 /dev/root rw`; blanks in paths are `\040`.
fn type_of<'t>(dir: &Path, table: &'t str) -> Option<&'t str> {
    let mounts = table.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let point = left.split(' ').nth(4)?.replace("\\040", " ");
        Some((point, right.split(' ').next()?))
    });
    let above = mounts.filter(|(point, _)| dir.starts_with(point));
    above.max_by_key(|(point, _)| point.len()).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
36 35 98:0 / / rw,relatime master:1 - ext4 /dev/root rw
37 36 0:40 / /srv/share rw shared:2 - nfs4 server:/share rw
38 36 0:41 / /srv/share/local\\040disk rw - xfs /dev/sdb rw
";

    #[test]
    fn d4_the_innermost_mount_decides() {
        let kind = |dir: &str| type_of(Path::new(dir), TABLE);
        assert_eq!(kind("/var/lib/postrider"), Some("ext4"));
        assert_eq!(kind("/srv/share/postrider"), Some("nfs4"));
        assert_eq!(kind("/srv/share/local disk/postrider"), Some("xfs"));
        assert_eq!(kind("/srv/shared"), Some("ext4"), "whole path segments count");
    }
}
