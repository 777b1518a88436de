"""A real systemd as process 1 of namespaces of its own: an overlay over this machine's files, its own network, its own part of
the control groups. What it does leaves nothing behind. Root only."""
import os
import shutil
import signal
import subprocess
import tempfile

SYSTEMD = "/lib/systemd/systemd"
GROUPS = [x for x in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
          if os.path.exists(os.path.join(x, "cgroup.procs"))]

# $1: an empty directory, $2: the name of the control group. Runs as process 1; pivot_root and not chroot, for in the latter no
# user namespace can be made, which PrivateUsers= asks for. Nothing starts but what a test asks for.
INIT = r"""
set -e
mount --make-rprivate /
ip link set lo up
mount -t tmpfs none "$1"
cd "$1"
mkdir up work root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" root
cd root
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t tmpfs none run
mount -t tmpfs none tmp
mount --rbind /dev dev
mount -t sysfs -o ro sysfs sys
if [ -e /sys/fs/cgroup/cgroup.procs ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs none sys/fs/cgroup
  mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 sys/fs/cgroup/unified || rmdir sys/fs/cgroup/unified
fi
rm -rf etc/systemd/system lib/systemd/system/*.wants lib/systemd/system-generators etc/fstab
mkdir -p etc/systemd/system oldroot
pivot_root . oldroot
cd /
umount -l /oldroot
mount --make-rshared /
export container=other
exec %s --system --unit=basic.target --log-target=null --show-status=no
""" % SYSTEMD


def missing():
    """Why it cannot be had here; empty when it can."""
    if os.geteuid() != 0:
        return "needs root"
    for tool in (SYSTEMD, "/usr/bin/systemctl", "/usr/bin/unshare", "/usr/bin/nsenter"):
        if not os.path.exists(tool):
            return f"{tool} is not installed (deploy/setup deploy)"
    if not GROUPS:
        return "there are no control groups for it"
    with tempfile.TemporaryDirectory() as place:
        probe = "mount -t tmpfs none $1 && mkdir $1/u $1/w $1/r && mount -t overlay o -o lowerdir=/,upperdir=$1/u,workdir=$1/w $1/r"
        done = subprocess.run(["unshare", "-m", "-n", "-C", "-U", "-r", "true"], capture_output=True, check=False)
        done = done if done.returncode else subprocess.run(["unshare", "-m", "sh", "-ec", probe, "sh", place],
                                                           capture_output=True, check=False)
    return "" if done.returncode == 0 else "this machine permits no namespaces or overlays"


class Host:
    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="relay-systemd-")
        self.group = f"relay-test-{os.getpid()}"
        enter = ""
        for where in GROUPS:
            os.makedirs(os.path.join(where, self.group), exist_ok=True)
            enter += f"echo $$ > {where}/{self.group}/cgroup.procs; "
        # The group first, so that the namespace has it as its root.
        self.outer = subprocess.Popen(
            ["sh", "-c", enter + 'exec unshare -m -n -p -f -C -u -i sh -c "$1" init "$2" "$3"', "sh", INIT, self.place, self.group],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def wait_until_up(self, patience):
        """`patience`: a function that is called between two looks and raises when it has had enough."""
        while True:
            found = subprocess.run(["pgrep", "-P", str(self.outer.pid)], capture_output=True, text=True, check=False).stdout.split()
            if found and os.path.exists(f"/proc/{found[0]}/root/run/systemd/private"):
                self.init = int(found[0])
                return
            if self.outer.poll() is not None:
                raise AssertionError("systemd ended: " + self.outer.stdout.read().decode())
            patience()

    def path(self, name):
        """A file of the host, as seen from here."""
        return f"/proc/{self.init}/root{name}"

    def put(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def copy(self, source, name):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        shutil.copy(source, self.path(name))

    def run(self, *command, check=True):
        done = subprocess.run(["nsenter", "-t", str(self.init), "-m", "-n", "-p", "-C", "-u", "-i", *command], capture_output=True,
                              text=True, check=False, timeout=60, cwd="/")
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def shows(self, unit):
        """Its properties, as systemctl shows them."""
        return dict(x.split("=", 1) for x in self.run("systemctl", "show", unit).stdout.splitlines() if "=" in x)

    def end(self):
        if hasattr(self, "init"):
            os.kill(self.init, signal.SIGKILL)      # and with process 1 all others
        else:
            os.killpg(self.outer.pid, signal.SIGKILL)
        self.outer.wait()
        self.outer.stdout.close()
        shutil.rmtree(self.place, ignore_errors=True)
        for where in GROUPS:
            for folder, _, _ in os.walk(os.path.join(where, self.group), topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass                            # a process is still on its way out
