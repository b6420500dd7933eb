#!/usr/bin/env python3
"""odd.py MODE ...: rarer servers and helpers than srv.py's.  Python 3 standard library only."""
import ctypes, os, socket, struct, sys, threading, time

mode, a = sys.argv[1], sys.argv[2:]


def addr(s):
    h, _, p = s.rpartition(":")
    return h.strip("[]"), int(p)


def listener(spec, reuse=True):
    h, p = addr(spec)
    s = socket.socket(socket.AF_INET6 if ":" in h else socket.AF_INET)
    if reuse:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((h, p)); s.listen(64)
    return s


def up():
    print("LISTENING pid=%d" % os.getpid(), flush=True)


def serve(spec, fn):
    s = listener(spec); up()

    def run(c):
        try:
            fn(c)
        except OSError as e:
            print("conn: %s" % e, flush=True)
        finally:
            c.close()
    while True:
        threading.Thread(target=run, args=(s.accept()[0],), daemon=True).start()


def reset(c):
    """Take the request, then send a reset."""
    c.recv(65536)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(c):
    """Take the request, say a[1] (with escapes), close."""
    c.recv(65536)
    c.sendall(a[1].encode().decode("unicode_escape").encode("latin1"))


def line(c):
    """One error line to everything that is said, as redis does while it loads."""
    while c.recv(65536):
        c.sendall(a[1].encode() + b"\r\n")


def postgres(c):
    """PostgreSQL that always ends with one error: a[1] = SQLSTATE, a[2] = message; no TLS."""
    while True:
        d = c.recv(65536)
        if len(d) < 8:
            return
        if struct.unpack(">I", d[4:8])[0] in (80877103, 80877104):
            c.sendall(b"N")
            continue
        b = b"SFATAL\0VFATAL\0C" + a[1].encode() + b"\0M" + a[2].encode() + b"\0\0"
        c.sendall(b"E" + struct.pack(">I", len(b) + 4) + b)
        return


def dns():
    """dns IP NAME=IPV4...: answers A for those names, nothing for AAAA, NXDOMAIN else."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((a[0], 53)); up()
    names = dict(x.split("=") for x in a[1:])
    while True:
        d, peer = s.recvfrom(2048)
        q, labels = 12, []
        while d[q]:
            labels.append(d[q + 1:q + 1 + d[q]].decode("latin1").lower()); q += 1 + d[q]
        kind, end = struct.unpack(">H", d[q + 1:q + 3])[0], q + 5
        ip = names.get(".".join(labels))
        rr = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(ip) if ip and kind == 1 else b""
        s.sendto(d[:2] + struct.pack(">HHHHH", 0x8580 | (0 if ip else 3), 1, bool(rr), 0, 0) + d[12:end] + rr, peer)


def mute_udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((a[0], int(a[1]))); up()
    while True:
        s.recvfrom(2048)


def trace():
    """trace PID: hold it as a debugger at a breakpoint does; trace-run PID: let it run."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(15, b"gdb", 0, 0, 0)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(0x4206, int(a[0]), None, None) or libc.ptrace(0x4207, int(a[0]), None, None):
        sys.exit("ptrace: " + os.strerror(ctypes.get_errno()))
    os.waitpid(int(a[0]), 0)
    if mode == "trace-run":
        libc.ptrace(7, int(a[0]), None, None)
    up(); time.sleep(3600)


def dstate():
    """dstate HOST:PORT FIFO: listens, then waits uninterruptibly in vfork for a child that opens FIFO."""
    s = listener(a[0]); os.mkfifo(a[1]); up()
    os.posix_spawn("/bin/true", ["true"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, a[1], os.O_RDONLY, 0)])


def drain():
    """drain HOST:PORT N: accepts N connections, closes the listener, keeps the connections."""
    s = listener(a[0], False)
    me = addr(a[0])
    keep = []
    if os.fork() == 0:
        keep = [socket.create_connection(me) for _ in range(int(a[1]))]
        s.close(); time.sleep(3600)
    keep = [s.accept()[0] for _ in range(int(a[1]))]
    s.close(); up(); time.sleep(3600)


def forget():
    """forget HOST:PORT: serves, but drops its first connection without a word (TCP_REPAIR; root)."""
    s = listener(a[0]); up()
    c = s.accept()[0]; time.sleep(0.1)
    c.setsockopt(socket.IPPROTO_TCP, 19, 1); c.close()
    while True:
        c = s.accept()[0]; c.recv(9999); c.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello"); c.close()


def selfconn():
    """selfconn HOST:PORT: connected to itself, as a retry loop in the ephemeral range ends up."""
    s = socket.socket(); s.bind(addr(a[0])); s.connect(addr(a[0])); up(); time.sleep(3600)


def twice():
    """twice HOST:PORT: the same program binds the port two times."""
    x = listener(a[0]); y = listener(a[0]); print(x, y)


def reuseport():
    """reuseport HOST:PORT [once]: a worker of a blue/green start; once: do not stay."""
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(addr(a[0])); s.listen(16); up()
    time.sleep(0 if "once" in a else 3600)


def flap():
    """flap HOST:PORT SECONDS: a server that crashes that long after it came up."""
    s = listener(a[0]); up(); time.sleep(float(a[1])); sys.exit("fatal: cannot reach database")


def landlock(access):
    """landlock|landlock-bind CMD...: run CMD so that it may not connect (or bind) by TCP."""
    libc = ctypes.CDLL(None, use_errno=True)
    attr = (ctypes.c_uint64 * 2)(0, access)
    fd = libc.syscall(444, ctypes.byref(attr), ctypes.c_size_t(16), 0)
    if fd < 0 or libc.prctl(38, 1, 0, 0, 0) or libc.syscall(446, fd, 0):
        sys.exit("landlock: " + os.strerror(ctypes.get_errno()))
    os.execvp(a[0], a)


def seccomp():
    """seccomp CMD...: run CMD with a filter that answers EPERM to connect() (x86-64)."""
    libc = ctypes.CDLL(None, use_errno=True)
    prog = b"".join(struct.pack("<HBBI", *x) for x in (
        (0x20, 0, 0, 0), (0x15, 0, 1, 42), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)))
    buf = ctypes.create_string_buffer(prog)
    fprog = struct.pack("<HxxxxxxQ", 4, ctypes.addressof(buf))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(fprog), 0, 0):
        sys.exit("seccomp: " + os.strerror(ctypes.get_errno()))
    os.execvp(a[0], a)


def cgroup_bpf():
    """cgroup-bpf FOLDER ingress|connect4|bind4: attach a program there that says no to everything."""
    kind, where = {"ingress": (8, 0), "connect4": (18, 10), "bind4": (18, 8)}[a[1]]
    libc = ctypes.CDLL(None, use_errno=True)
    insns = ctypes.create_string_buffer(struct.pack("<BBhi", 0xb7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0))
    lic = ctypes.create_string_buffer(b"GPL")
    attr = struct.pack("<IIQQIIQII16sII", kind, 2, ctypes.addressof(insns), ctypes.addressof(lic), 0, 0, 0, 0, 0,
                       b"deny", 0, where)
    fd = libc.syscall(321, 5, ctypes.c_char_p(attr), len(attr))
    if fd < 0:
        sys.exit("bpf load: " + os.strerror(ctypes.get_errno()))
    attr = struct.pack("<IIII", os.open(a[0], os.O_RDONLY), fd, where, 0)
    if libc.syscall(321, 8, ctypes.c_char_p(attr), len(attr)) < 0:
        sys.exit("bpf attach: " + os.strerror(ctypes.get_errno()))


modes = {"landlock": lambda: landlock(2), "landlock-bind": lambda: landlock(1), "seccomp": seccomp,
         "cgroup-bpf": cgroup_bpf, "reset": lambda: serve(a[0], reset), "answer": lambda: serve(a[0], answer),
         "line": lambda: serve(a[0], line), "postgres": lambda: serve(a[0], postgres), "dns": dns,
         "mute-udp": mute_udp, "trace": trace, "trace-run": trace, "dstate": dstate, "drain": drain,
         "forget": forget, "selfconn": selfconn, "twice": twice, "reuseport": reuseport,
         "flap": flap}
modes[mode]()
