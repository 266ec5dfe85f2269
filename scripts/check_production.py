"""Serves from the image as the production overlay says, and calls it.

usage: check_production.py ROOT RENDERED.yaml POSTGRES_BIN PGBOUNCER

ROOT is the image's root file system. Environment, files, modes and users are the manifests'; what a cluster and
its operators would make of them is made here: certificates, tokens of service accounts, secrets as
docs/operations.md makes them, PostgreSQL and PgBouncer under the names that the URLs have. Needs root, and a
network and mounts of its own, in which nothing else has these ports and names: `unshare --net --mount`.
"""

import base64
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

import check_operators

TREE = Path(__file__).resolve().parent.parent
OPERATIONS = (TREE / "docs/operations.md").read_text()
PASSWORD = "0123456789abcdef"
ISSUER = "https://kubernetes.default.svc.cluster.local"
RW, RO, POOLER = "127.0.0.2", "127.0.0.3", "127.0.0.4"
SERVICE = "127.0.0.5"


def run(*command, must=True, **options):
    options = {"capture_output": True, "text": True, "timeout": 60} | options
    done = subprocess.run([str(part) for part in command], **options)
    if must and done.returncode != 0:
        fail(f"{command} ends with {done.returncode}", done.stderr)
    return done


def fail(what, *outputs):
    print(what, *outputs, sep="\n", file=sys.stderr)
    sys.exit(1)


def until(what, is_so):
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.1)
    fail(f"waited in vain: {what}")


class Manifests:
    def __init__(self, path):
        self.objects = [found for found in yaml.safe_load_all(Path(path).read_text()) if found]

    def of(self, kind, name=None):
        found = [one for one in self.objects if one["kind"] == kind and name in (None, one["metadata"]["name"])]
        return found[0] if found else None

    def spec(self, kind, name=None):
        return self.of(kind, name)["spec"]


def raise_loopback():
    """A network of one's own begins with its loopback device down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 0x1)  # IFF_UP
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


class Authority:
    """Signs certificates, as cert-manager and CloudNativePG would."""

    def __init__(self, work, name):
        self.at = work / name
        self.at.mkdir()
        self.certificate = self.at / "ca.crt"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign",
            "-keyout", self.at / "ca.key", "-out", self.certificate)

    def issue(self, names):
        """The private key and the certificate, in PEM."""
        key, request, extensions = self.at / "tls.key", self.at / "tls.csr", self.at / "tls.ext"
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
            f"subjectAltName={','.join(f'DNS:{name}' for name in names)}\n"
        )
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/", "-keyout", key, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.at / "ca.key",
            "-days", "1", "-extfile", extensions, "-out", self.at / "tls.crt")
        return key.read_text(), (self.at / "tls.crt").read_text()


class Cluster:
    """Issues tokens of service accounts."""

    def __init__(self, work):
        self.key = work / "tokens.key"
        run("openssl", "genrsa", "-out", self.key, "2048")
        modulus = run("openssl", "rsa", "-in", self.key, "-noout", "-modulus").stdout.strip().split("=")[1]
        jwk = {"use": "sig", "kty": "RSA", "kid": "one", "alg": "RS256", "n": coded(bytes.fromhex(modulus)), "e": "AQAB"}
        self.jwks = json.dumps({"keys": [jwk]})

    def token(self, subject, audience):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": [audience], "sub": subject, "iat": now, "nbf": now, "exp": now + 600}
        parts = [{"alg": "RS256", "kid": "one"}, claims]
        signed = ".".join(coded(json.dumps(part).encode()) for part in parts)
        signature = run("openssl", "dgst", "-sha256", "-sign", self.key, input=signed.encode(), text=False).stdout
        return f"{signed}.{coded(signature)}"


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Database:
    """PostgreSQL and PgBouncer, as the Cluster and the Pooler say."""

    def __init__(self, work, manifests, bin_dir, pgbouncer):
        self.work, self.pgbouncer = work, pgbouncer
        # Where links lead, its clients are as well.
        self.bin = (Path(bin_dir) / "postgres").resolve().parent
        self.cluster, self.pooler = manifests.of("Cluster"), manifests.of("Pooler")
        self.namespace = self.cluster["metadata"]["namespace"]
        self.name = self.cluster["metadata"]["name"]
        self.hosts = {f"{self.name}-rw": RW, f"{self.name}-ro": RO, self.pooler["metadata"]["name"]: POOLER}
        self.servers = []
        self.authority = Authority(work, "database")
        account = "postgres" if not subprocess.run(["id", "postgres"], capture_output=True).returncode else "nobody"
        uid, gid = (int(run("id", flag, account).stdout) for flag in ("-u", "-g"))
        self.account = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--"]
        self.data = work / "data"
        for part in (self.data, work / "postgres"):
            part.mkdir(mode=0o700)
            os.chown(part, uid, gid)
        self.owner = (uid, gid)

    def owned(self, name, text):
        path = self.work / "postgres" / name
        path.write_text(text)
        path.chmod(0o600)
        os.chown(path, *self.owner)
        return path

    def start(self):
        spec = self.cluster["spec"]
        first = spec["bootstrap"]["initdb"]
        names = [f"{host}{rest}" for host in (f"{self.name}-rw", f"{self.name}-ro") for rest in ("", f".{self.namespace}")]
        key, certificate = self.authority.issue(names + spec["certificates"]["serverAltDNSNames"])
        tls = {"key": self.owned("tls.key", key), "cert": self.owned("tls.crt", certificate)}
        run(*self.account, self.bin / "initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "-N",
            "-E", first["encoding"], f"--lc-collate={first['localeCollate']}", f"--lc-ctype={first['localeCType']}", cwd="/")
        trusted = "local all all trust\nlocal replication all trust\nhostssl all all all scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(trusted)
        settings = spec["postgresql"]["parameters"] | {"ssl": "on", "ssl_key_file": tls["key"], "ssl_cert_file": tls["cert"]}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        sockets = self.work / "postgres"
        self.spawn("primary", self.bin / "postgres", "-D", self.data, "-h", RW, "-k", sockets, *options)
        until("PostgreSQL starts", lambda: self.sql("select 1", must=False).returncode == 0)
        role = spec["managed"]["roles"][0]["name"]
        for sql in (
            f"create role {first['owner']} login password '{PASSWORD}'",
            f"create role {role} login password '{PASSWORD}'",
            f"create database {first['database']} owner {first['owner']}",
        ):
            self.sql(sql)
        standby = sockets / "standby"
        run(*self.account, self.bin / "pg_basebackup", "-h", sockets, "-U", "postgres", "-D", standby, "-R", "-c", "fast", cwd="/")
        self.spawn("standby", self.bin / "postgres", "-D", standby, "-h", RO, "-k", "", *options)
        until("the standby starts", lambda: self.is_there(RO))
        synchronous = spec["postgresql"]["synchronous"]
        wanted = f"{synchronous['method']} {synchronous['number']} (*)"
        self.sql(f"alter system set synchronous_standby_names = '{wanted}'")
        self.sql("select pg_reload_conf()")
        pooler = self.pooler["spec"]["pgbouncer"]
        lines = {
            "listen_addr": POOLER, "listen_port": "5432", "unix_socket_dir": "",
            "auth_type": "scram-sha-256", "auth_file": self.owned("users", f'"{role}" "{PASSWORD}"\n'),
            "pool_mode": pooler["poolMode"],
            # The operator's own.
            "ignore_startup_parameters": "extra_float_digits,options",
            "client_tls_sslmode": "require", "client_tls_key_file": tls["key"], "client_tls_cert_file": tls["cert"],
            "server_tls_sslmode": "verify-full", "server_tls_ca_file": self.authority.certificate,
        } | pooler["parameters"]
        text = f"[databases]\n* = host={self.name}-rw port=5432\n[pgbouncer]\n"
        text += "".join(f"{name} = {value}\n" for name, value in lines.items())
        self.spawn("pgbouncer", self.pgbouncer, self.owned("pgbouncer.ini", text))
        until("PgBouncer starts", lambda: self.is_there(POOLER))

    def sql(self, statement, must=True):
        by = ["-h", self.work / "postgres", "-U", "postgres", "-qc", statement]
        return run(*self.account, self.bin / "psql", *by, cwd="/", must=must)

    def spawn(self, name, *command):
        log = (self.work / f"{name}.log").open("w")
        command = [str(part) for part in (*self.account, *command)]
        self.servers.append(subprocess.Popen(command, stdout=log, stderr=log, cwd="/"))

    def stop(self):
        for server in reversed(self.servers):
            # PostgreSQL would wait for connections to end at a SIGTERM.
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)

    @staticmethod
    def is_there(address):
        with socket.socket() as any_socket:
            return any_socket.connect_ex((address, 5432)) == 0


class Pods:
    """Runs containers of pods from the image, with what the manifests mount."""

    def __init__(self, root, provided):
        self.root, self.provided = Path(root), provided

    def lay(self, pod, container, tokens=None):
        """Files as the kubelet would lay them."""
        group = pod["securityContext"]["fsGroup"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for mount in container["volumeMounts"]:
            volume = volumes[mount["name"]]
            at = self.root / mount["mountPath"].lstrip("/")
            shutil.rmtree(at, ignore_errors=True)
            at.mkdir(parents=True)
            if "projected" in volume:
                (source,) = volume["projected"]["sources"]
                wanted = source["serviceAccountToken"]
                parts, mode = {wanted["path"]: tokens(wanted["audience"])}, 0o640
            else:
                source = volume.get("secret") or volume["configMap"]
                values = self.provided[source.get("secretName") or source["name"]]
                items = source.get("items") or [{"key": key, "path": key} for key in values]
                parts, mode = {item["path"]: values[item["key"]] for item in items}, source.get("defaultMode", 0o644)
            for path, text in parts.items():
                (at / path).write_text(text)
                os.chown(at / path, 0, group)
                (at / path).chmod(mode)

    def environment(self, container):
        found = {"PATH": os.environ["PATH"]}
        for source in container.get("envFrom", []):
            found |= self.provided[source["configMapRef"]["name"]]
        for one in container.get("env", []):
            if "value" in one:
                found[one["name"]] = one["value"]
                continue
            (source,) = one["valueFrom"].values()
            value = self.provided[source["name"]].get(source["key"])
            if value is not None:
                found[one["name"]] = value
            elif not source.get("optional"):
                fail(f"{source} is not there")
        return found

    def command(self, pod, arguments):
        context = pod["securityContext"]
        user = f"{context['runAsUser']}:{context.get('runAsGroup', context['fsGroup'])}"
        # Mounted read-only for this process alone.
        inner = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec chroot --userspec="$2" "$1" /usr/local/bin/bulletin "${@:3}"'
        return ["unshare", "--mount", "bash", "-c", inner, "bash", str(self.root), user, *arguments]

    def run(self, pod, container, arguments=None):
        command = self.command(pod, arguments or container["args"])
        return run(*command, must=False, cwd="/", env=self.environment(container))


class Calls:
    """grpcurl, by the name and the authority that the document gives clients."""

    def __init__(self, address, authority):
        self.address, self.authority = address, authority

    def code(self, method, request, token=None):
        """How a call ends, OK or the status's name."""
        header = ["-H", f"authorization: Bearer {token}"] if token else []
        services = [part for path in sorted((TREE / "proto/bulletin").rglob("*.proto")) for part in ("-proto", path)]
        done = run("grpcurl", "-cacert", self.authority, *header, "-import-path", TREE / "proto", "-import-path",
                   TREE / "proto/vendor", *services, "-d", json.dumps(request), self.address, method, must=False)
        if done.returncode == 0:
            return "OK"
        found = re.search(r"Code: (\w+)", done.stderr)
        return found[1] if found else done.stderr

    def expect(self, who, token, wanted):
        create = {"station_id": f"made-by-{who}", "station": {"display_name": who, "kind": "POLICE_STATION"}}
        calls = {
            "read": ("bulletin.v1.StationService/ListStations", {}),
            "write": ("bulletin.v1.StationService/CreateStation", create),
        }
        found = {name: self.code(method, request, token) for name, (method, request) in calls.items()}
        if found != wanted:
            fail(f"{who}: {found}, expected {wanted}")


def documented_secret(name):
    """Values of a secret that the document's command makes."""
    text = OPERATIONS.replace("\\\n", " ")
    command = re.search(rf"kubectl create secret generic {name} -n bulletin (.+)", text)[1]
    values = re.findall(r'--from-literal=([\w-]+)=("[^"]*"|\S+)', command)
    return {key: value.strip('"').replace("$password", PASSWORD) for key, value in values}


def subject_of(policy, role):
    rule = next(rule for rule in policy["rules"] if rule["role"] == role)
    return rule["subject"].replace("*", "somebody")


def metric(manifests):
    """The line of /metrics that the autoscaler goes by."""
    found = [one["pods"]["metric"] for one in manifests.spec("HorizontalPodAutoscaler")["metrics"] if "pods" in one][0]
    labels = ",".join(f'{name}="{value}"' for name, value in found["selector"]["matchLabels"].items())
    return f"{found['name']}{{{labels}}} "


def ops(path):
    try:
        with urllib.request.urlopen(f"http://{SERVICE}:9464{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.URLError as error:
        return getattr(error, "code", 0), str(error)


def name_hosts(work, root, database):
    namespace = database.namespace
    hosts = {name: address for host, address in database.hosts.items() for name in (host, f"{host}.{namespace}")}
    hosts |= {name: SERVICE for name in ("bulletin", f"bulletin.{namespace}", f"bulletin.{namespace}.svc")}
    text = "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in hosts.items())
    (work / "hosts").write_text(text)
    # The mounts are this process's own, and end with it.
    run("mount", "--bind", work / "hosts", "/etc/hosts")
    (Path(root) / "etc/hosts").write_text(text)


def check(work, root, manifests, database):
    namespace = database.namespace
    authority, cluster = Authority(work, "service"), Cluster(work)
    certificate = manifests.spec("Certificate", "bulletin")
    key, crt = authority.issue(certificate["dnsNames"])
    first = database.cluster["spec"]["bootstrap"]["initdb"]
    owner = f"postgresql://{first['owner']}:{PASSWORD}@{database.name}-rw.{namespace}:5432/{first['database']}"
    provided = {
        one["metadata"]["name"]: one["data"] for one in manifests.objects if one["kind"] == "ConfigMap"
    } | {
        certificate["secretName"]: {"tls.crt": crt, "tls.key": key, "ca.crt": authority.certificate.read_text()},
        f"{database.name}-ca": {"ca.crt": database.authority.certificate.read_text()},
        f"{database.name}-app": {"uri": owner},
        "bulletin-database": documented_secret("bulletin-database"),
        "bulletin-issuer": {"issuer": ISSUER, "jwks.json": cluster.jwks},
        "bulletin-ca": {"ca.crt": authority.certificate.read_text()},
    }
    pods = Pods(root, provided)
    job = manifests.spec("Job", "bulletin-migrate")["template"]["spec"]
    pods.lay(job, job["containers"][0])
    done = pods.run(job, job["containers"][0])
    if done.returncode != 0:
        fail("the job bulletin-migrate fails", done.stdout, done.stderr)

    pod = manifests.spec("Deployment", "bulletin")["template"]["spec"]
    container = pod["containers"][0]
    pods.lay(pod, container)
    examined = pods.run(pod, container, ["doctor"])
    if examined.returncode != 0:
        fail("`bulletin doctor` finds a fault", examined.stdout, examined.stderr)
    log = (work / "serve.log").open("w")
    command, environment = pods.command(pod, container["args"]), pods.environment(container)
    service = subprocess.Popen(command, env=environment, cwd="/", stdout=log, stderr=log)
    try:
        until("the pod is ready", lambda: service.poll() is not None or ops(container["startupProbe"]["httpGet"]["path"])[0] == 200)
        if service.poll() is not None:
            fail("the service ended")
        callers(work, manifests, pods, cluster, authority, json.loads(provided["bulletin-policy"]["policy.json"]))
        if ops(container["livenessProbe"]["httpGet"]["path"])[0] != 200 or metric(manifests) not in ops("/metrics")[1]:
            fail("the ops port does not answer as probes, scrapes and the autoscaler need it", ops("/metrics")[1])
        service.terminate()
        if service.wait(timeout=pod["terminationGracePeriodSeconds"]) != 0:
            fail(f"the service ended with {service.returncode}")
    finally:
        if service.poll() is None:
            service.kill()


def callers(work, manifests, pods, cluster, authority, policy):
    client = check_operators.client(OPERATIONS)
    container = client["spec"]["containers"][0]
    address = pods.environment(container)["BULLETIN_ADDR"]
    calls = Calls(address, authority.certificate)
    audience = next(
        source["serviceAccountToken"]["audience"]
        for volume in client["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
    )
    token = lambda subject, audience=audience: cluster.token(subject, audience)
    refused = "Unauthenticated"
    calls.expect("nobody", None, {"read": refused, "write": refused})
    calls.expect("forged", token(subject_of(policy, "admin"))[:-6] + "AAAAAA", {"read": refused, "write": refused})
    calls.expect("another", token(subject_of(policy, "admin"), "another"), {"read": refused, "write": refused})
    calls.expect("stranger", token("system:serviceaccount:elsewhere:x"), {"read": "PermissionDenied", "write": "PermissionDenied"})
    calls.expect("reader", token(subject_of(policy, "reader")), {"read": "OK", "write": "PermissionDenied"})
    calls.expect("editor", token(subject_of(policy, "editor")), {"read": "OK", "write": "OK"})
    calls.expect("admin", token(subject_of(policy, "admin")), {"read": "OK", "write": "OK"})
    plain = run("grpcurl", "-plaintext", "-max-time", "5", address, "list", must=False)
    if plain.returncode == 0:
        fail("the service answers without TLS", plain.stdout)

    # The document's client, as its own account; it ends where it would wait.
    subject = f"system:serviceaccount:{client['metadata']['namespace']}:{client['spec']['serviceAccountName']}"
    pods.lay(client["spec"], container, lambda audience: cluster.token(subject, audience))
    followed = pods.run(client["spec"], container, [*container["args"], "--until-checkpoint"])
    if followed.returncode != 0 or '"SNAPSHOT_END"' not in followed.stdout:
        fail("the document's client does not follow", followed.stdout[-2000:], followed.stderr)


def main():
    root, rendered, bin_dir, pgbouncer = sys.argv[1:]
    # Told to stop, it stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    raise_loopback()
    manifests = Manifests(rendered)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        work.chmod(0o755)
        database = Database(work, manifests, bin_dir, pgbouncer)
        name_hosts(work, root, database)
        try:
            database.start()
            check(work, root, manifests, database)
        except SystemExit:
            for log in sorted(work.glob("*.log")):
                print(f"-- {log.name}", *log.read_text().splitlines()[-20:], sep="\n", file=sys.stderr)
            raise
        finally:
            database.stop()
    print("the image serves as the production overlay says: TLS, tokens, roles, PgBouncer, a role that alters no log")


main()
