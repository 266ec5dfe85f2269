"""Checks rendered manifests: their schemas, and that they agree with the program, the documents and each other.

usage: check_manifests.py PROGRAM RENDERED.yaml…
       check_manifests.py --rules       writes deploy/monitoring/prometheus-rule.yaml from alerts.yaml
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml

import check_operators

ROOT = Path(__file__).parent.parent
# The oldest release that has all that the manifests use (the preStop sleep), one between, and the newest.
VERSIONS = ("1.30", "1.34", "1.37")
# Read by the program's logging and by its driver of PostgreSQL: no options.
BESIDE_OPTIONS = {"RUST_LOG", "PGSSLMODE", "PGSSLROOTCERT"}
# For what the process does after its last call and its last write.
CLOSE_SECONDS = 5
WORKLOADS = {"Deployment", "Job"}
SECRET_VARIABLES = {"DATABASE_URL", "DATABASE_REPLICA_URLS"}
OPERATIONS = (ROOT / "docs/operations.md").read_text()
RULES = ROOT / "deploy/monitoring/prometheus-rule.yaml"


class Program:
    """What the program says of itself."""

    def __init__(self, path):
        self.path = path
        self.commands = {}

    def variables(self, command):
        if command not in self.commands:
            help_text = subprocess.run(
                [self.path, command, "--help"], capture_output=True, text=True, check=False
            )
            if help_text.returncode != 0:
                return None
            found = set(re.findall(r"\[env:\s+(\w+)", help_text.stdout))
            if command == "serve":
                # The help names no variables of flags; a test holds the example to the program's options.
                example = (ROOT / "deploy/bulletin.env.example").read_text()
                found |= set(re.findall(r"^#(\w+)=", example, re.MULTILINE))
            self.commands[command] = found
        return self.commands[command]

    def refusal(self, command, environment):
        """Why the values are wrong use; they are read before a database is looked for, which is not there."""
        nowhere = {"DATABASE_URL": "postgres://bulletin@127.0.0.1:1/bulletin"}
        # Free ports, so that it does not matter what else runs here.
        listen = {
            name: environment[name].rsplit(":", 1)[0] + ":0"
            for name in ("BULLETIN_LISTEN", "BULLETIN_OPS_LISTEN")
        }
        run = subprocess.run(
            [self.path, command],
            env={**environment, **listen, **nowhere},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        # 1 is the database that cannot be reached, or a file that a cluster would mount; anything else came
        # before. scripts/check-production has both.
        away = ("the database cannot be used", "cannot be read: No such file")
        expected = run.returncode == 1 and any(reason in run.stderr for reason in away)
        return None if expected else run.stderr.strip() or f"exit code {run.returncode}"


class Manifests:
    """One rendered overlay, and what is wrong with it."""

    def __init__(self, name, objects, program):
        self.name = name
        self.program = program
        self.objects = objects
        self.faults = []
        self.asked_for = set()
        self.document = OPERATIONS

    def fault(self, where, what):
        self.faults.append(f"{self.name}: {where}: {what}")

    def of_kind(self, *kinds):
        return [found for found in self.objects if found["kind"] in kinds]

    def named(self, kind, name):
        found = [one for one in self.of_kind(kind) if one["metadata"]["name"] == name]
        return found[0] if found else None

    def pods(self, selector):
        """Names of what has pods that carry all labels of the selector."""
        found = {
            one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"]
            for one in self.of_kind(*WORKLOADS)
        }
        found |= check_operators.pods(self)
        return [name for name, labels in found.items() if selector.items() <= labels.items()]

    def workload(self, name):
        return next((one for one in self.of_kind(*WORKLOADS) if one["metadata"]["name"] == name), None)

    def check_schemas(self):
        for one in self.objects:
            where = f"{one['kind']} {one['metadata']['name']}"
            for fault in check_operators.schema_faults(one):
                self.fault(where, fault)
            if check_operators.is_custom(one):
                continue
            for version in VERSIONS:
                try:
                    kubernetes_validate.validate(one, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    place = ".".join(map(str, error.path))
                    self.fault(where, f"Kubernetes {version}: {place}: {error.message}")
                except kubernetes_validate.SchemaNotFoundError:
                    self.fault(where, f"{one['apiVersion']} is of no kind that Kubernetes {version} or an operator has")

    def check(self):
        self.check_schemas()
        if self.faults:
            # What is below counts on the form.
            return self.faults
        workloads = self.of_kind(*WORKLOADS)
        commands = set()
        for one in workloads:
            where = f"{one['kind']} {one['metadata']['name']}"
            template = one["spec"]["template"]
            pod = template["spec"]
            self.check_pod(where, pod)
            for container in pod["containers"]:
                self.check_container(where, template, container)
                if container["name"] == "bulletin":
                    commands.add(container["args"][0])
        for command in ("serve", "migrate"):
            if command not in commands:
                self.fault("Deployment, Job", f"nothing runs `bulletin {command}`")
        self.check_selectors()
        self.check_services()
        check_operators.check(self)
        if self.name != "dev":
            self.check_production()
        return self.faults

    def check_pod(self, where, pod):
        context = pod.get("securityContext", {})
        wanted = {
            "runAsNonRoot": context.get("runAsNonRoot") is True,
            "seccompProfile": context.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "runAsUser": context.get("runAsUser", 0) > 0,
            "automountServiceAccountToken": pod.get("automountServiceAccountToken") is False,
        }
        for name in [name for name, good in wanted.items() if not good]:
            self.fault(where, f"{name} is not as the restricted Pod Security wants it")
        account = pod.get("serviceAccountName")
        if account and not self.named("ServiceAccount", account):
            self.fault(where, f"ServiceAccount {account} is not there")

    def check_container(self, where, template, container):
        pod = template["spec"]
        context = container.get("securityContext", {})
        wanted = {
            "allowPrivilegeEscalation": context.get("allowPrivilegeEscalation") is False,
            "readOnlyRootFilesystem": context.get("readOnlyRootFilesystem") is True,
            "capabilities": context.get("capabilities") == {"drop": ["ALL"]},
            "resources": {"cpu", "memory"} <= container["resources"]["requests"].keys()
            and "memory" in container["resources"]["limits"],
        }
        for name in [name for name, good in wanted.items() if not good]:
            self.fault(where, f"{name} of {container['name']} is not as it should be")
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        if mounted ^ {volume["name"] for volume in pod.get("volumes", [])}:
            self.fault(where, f"the volumes are not what is mounted, {sorted(mounted)}")
            return
        environment = self.environment(where, container)
        if container["name"] == "bulletin":
            self.check_files(where, pod, container, environment)
            self.check_bulletin(where, template, container, environment)

    def files(self, where, pod, container):
        """Paths that are mounted, each with what it is made of: kind, name, key."""
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        found = {}
        for mount in container.get("volumeMounts", []):
            volume = volumes[mount["name"]]
            secret, config = volume.get("secret"), volume.get("configMap")
            if secret:
                parts = {item["path"]: ("Secret", secret["secretName"], item["key"]) for item in secret.get("items", [])}
                if not parts:
                    self.fault(where, f"volume {volume['name']}: name the keys, a secret may have others")
            elif config:
                rendered = self.named("ConfigMap", config["name"])
                keys = {item["key"]: item["path"] for item in config.get("items", [])}
                keys = keys or {key: key for key in (rendered or {"data": {}})["data"]}
                parts = {path: ("ConfigMap", config["name"], key) for key, path in keys.items()}
            elif "projected" in volume:
                parts = {
                    source["serviceAccountToken"]["path"]: ("token", source["serviceAccountToken"]["audience"], "")
                    for source in volume["projected"]["sources"]
                }
            else:
                continue
            found |= {f"{mount['mountPath']}/{path}": made_of for path, made_of in parts.items()}
        return found

    def check_files(self, where, pod, container, environment):
        """What options name is mounted, what is mounted is named, and what it is made of is there."""
        files = self.files(where, pod, container)
        for made_of in files.values():
            if made_of[0] != "token":
                self.check_provided(where, *made_of)
        named = {name: value for name, value in environment.items() if value and value.startswith("/")}
        for name, path in named.items():
            if path not in files:
                self.fault(where, f"{name} is {path}, which is not mounted: {sorted(files)}")
        for path in sorted(files.keys() - set(named.values())):
            self.fault(where, f"{path} is mounted, and no option names it")

    def check_provided(self, where, kind, name, key, is_optional=False):
        """A key of a secret or ConfigMap is rendered, made by an operator, or by a command of the document."""
        self.asked_for.add((kind, name, key))
        rendered = self.named(kind, name)
        data = (rendered or {}).get("data", {})
        provided = check_operators.provided(self) | (set() if self.name == "dev" else documented())
        if key not in data and (kind, name, key) not in provided and not is_optional:
            self.fault(where, f"{kind} {name} with the key {key}: neither a manifest, nor an operator, nor docs/operations.md makes it")

    def environment(self, where, container):
        """Variables of a container; those of secrets have no value."""
        found = {}
        for source in container.get("envFrom", []):
            name = source["configMapRef"]["name"]
            config = self.named("ConfigMap", name)
            if config is None:
                self.fault(where, f"ConfigMap {name} is not there")
            else:
                found |= config["data"]
        for variable in container.get("env", []):
            found[variable["name"]] = variable.get("value")
            source = variable.get("valueFrom", {})
            for kind, of in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
                if of in source:
                    part = source[of]
                    self.check_provided(where, kind, part["name"], part["key"], part.get("optional", False))
            if "secretKeyRef" not in source and variable["name"] in SECRET_VARIABLES:
                self.fault(where, f"{variable['name']} must come from a secret's key")
        return found

    def check_bulletin(self, where, template, container, environment):
        pod = template["spec"]
        command = container["args"][0]
        known = self.program.variables(command)
        if known is None:
            self.fault(where, f"`bulletin {command}` is no command")
            return
        for variable in sorted(environment.keys() - known - BESIDE_OPTIONS):
            self.fault(where, f"{variable} is no option of `bulletin {command}`")
        if "DATABASE_URL" not in environment:
            self.fault(where, "there is no DATABASE_URL, and no PostgreSQL in the image")
        if command != "serve":
            return
        values = {name: value or f"given-by-{name}" for name, value in environment.items() if name not in SECRET_VARIABLES}
        # Their defaults would do, but other lines of the manifests follow from them.
        said = {"BULLETIN_LISTEN", "BULLETIN_OPS_LISTEN", "BULLETIN_DRAIN_TIMEOUT_MS"}
        missing = said - values.keys()
        if missing:
            self.fault(where, f"{sorted(missing)} must be said")
            return
        refusal = self.program.refusal(command, values)
        if refusal:
            self.fault(where, f"`bulletin serve` refuses these options: {refusal}")
            return
        wanted = {
            name: int(values[variable].rsplit(":", 1)[1])
            for name, variable in (("grpc", "BULLETIN_LISTEN"), ("ops", "BULLETIN_OPS_LISTEN"))
        }
        ports = {one["name"]: one["containerPort"] for one in container["ports"]}
        if ports != wanted:
            self.fault(where, f"the service listens on {wanted}, the ports are {ports}")
        self.check_probes(where, container)
        self.check_scraping(where, template, ports)
        pre_stop = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        drain = int(values["BULLETIN_DRAIN_TIMEOUT_MS"]) / 1000
        needed = pre_stop + 2 * drain + CLOSE_SECONDS
        if pod["terminationGracePeriodSeconds"] < needed:
            self.fault(where, f"terminationGracePeriodSeconds must be {needed:g} or more, to stop in order")

    def check_probes(self, where, container):
        """They ask the ops port, which has no TLS; each what it is for."""
        paths = {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
        for probe, path in paths.items():
            asked = container.get(probe, {}).get("httpGet")
            if asked != {"path": path, "port": "ops"}:
                self.fault(where, f"{probe} must ask {path} of the port ops, and asks {asked}")

    def check_scraping(self, where, template, ports):
        """What Prometheus is told to ask is what the service serves."""
        annotations = template["metadata"].get("annotations", {})
        if self.of_kind("ServiceMonitor"):
            if annotations:
                self.fault(where, f"{annotations} would have the pods scraped twice")
            return
        wanted = {
            "prometheus.io/scrape": "true",
            "prometheus.io/path": "/metrics",
            "prometheus.io/port": str(ports["ops"]),
        }
        for name, value in wanted.items():
            if annotations.get(name) != value:
                self.fault(where, f"the annotation {name} must be {value}")

    def check_selectors(self):
        """A selector finds one workload, and a service's or policy's that is the one it is named after."""
        selectors = []
        for one in self.objects:
            where, spec = f"{one['kind']} {one['metadata']['name']}", one.get("spec", {})
            if one["kind"] == "Service":
                selectors.append((where, one, spec["selector"]))
            if one["kind"] in ("Deployment", "PodDisruptionBudget"):
                selectors.append((where, one, spec["selector"]["matchLabels"]))
            if one["kind"] == "NetworkPolicy":
                selectors.append((where, one, spec["podSelector"]["matchLabels"]))
            if one["kind"] in ("Deployment", "Pooler"):
                for spread in spec["template"]["spec"].get("topologySpreadConstraints", []):
                    selectors.append((where, one, spread["labelSelector"]["matchLabels"]))
        for where, one, selector in selectors:
            found = self.pods(selector)
            name = one["metadata"]["name"]
            # bulletin-ops is another service of bulletin.
            if len(found) != 1 or not (name == found[0] or name.startswith(f"{found[0]}-")):
                self.fault(where, f"{selector} selects the pods of {found}")

    def check_services(self):
        for service in self.of_kind("Service"):
            where, spec = f"Service {service['metadata']['name']}", service["spec"]
            self.check_ports(where, spec["selector"], [port["targetPort"] for port in spec["ports"]])
            for port in spec["ports"]:
                self.check_port_number(where, spec["selector"], port)
        for policy in self.of_kind("NetworkPolicy"):
            where, spec = f"NetworkPolicy {policy['metadata']['name']}", policy["spec"]
            wanted = [port["port"] for rule in spec.get("ingress", []) for port in rule["ports"]]
            self.check_ports(where, spec["podSelector"]["matchLabels"], wanted)
            for rule in spec.get("egress", []):
                for peer in rule["to"]:
                    self.check_peer(where, peer, rule["ports"])
            for rule in spec.get("ingress", []):
                for peer in rule.get("from", []):
                    self.check_peer(where, peer, [])

    def check_peer(self, where, peer, ports):
        """Pods of this namespace that a policy speaks of are there, and have the ports."""
        if "namespaceSelector" in peer:
            return
        labels = peer["podSelector"]["matchLabels"]
        if not self.pods(labels):
            self.fault(where, f"{labels} are nobody's pods")
        self.check_ports(where, labels, [port["port"] for port in ports])

    def check_ports(self, where, selector, wanted):
        for name in self.pods(selector):
            workload = self.workload(name)
            if workload:
                containers = workload["spec"]["template"]["spec"]["containers"]
                ports = [port for one in containers for port in one.get("ports", [])]
                known = {port["name"] for port in ports} | {port["containerPort"] for port in ports}
            else:
                known = check_operators.PORTS
            if not set(wanted) <= known:
                self.fault(where, f"ports {wanted} are not among {sorted(map(str, known))}")

    def check_port_number(self, where, selector, port):
        """A headless service leads to the pod's own port, whatever targetPort says."""
        for name in self.pods(selector):
            containers = self.workload(name)["spec"]["template"]["spec"]["containers"]
            numbers = {one["name"]: one["containerPort"] for container in containers for one in container["ports"]}
            if numbers.get(port["targetPort"]) != port["port"]:
                self.fault(where, f"port {port['port']} is not the pods', {numbers}")

    def check_production(self):
        if self.of_kind("Secret"):
            self.fault("Secret", "no secret's value may stand in the manifests")
        release = value_in("Cargo.toml", "version")
        for one in self.of_kind(*WORKLOADS):
            where, spec = f"{one['kind']} {one['metadata']['name']}", one["spec"]
            container = spec["template"]["spec"]["containers"][0]
            if not container["image"].endswith(f":{release}"):
                self.fault(where, f"image {container['image']} is not of this release, {release}")
            for name in self.environment(where, container):
                if "INSECURE" in name:
                    self.fault(where, f"{name} has no place in production")
            if one["kind"] == "Deployment":
                self.check_autoscaler(where, one)
        if not self.of_kind("PodDisruptionBudget"):
            self.fault("PodDisruptionBudget", "there is none")
        for kind, name, key in sorted(documented() - self.asked_for - check_operators.asked_for(self)):
            self.fault("docs/operations.md", f"makes {kind} {name} with the key {key}, which nothing asks for")
        for namespace in self.of_kind("Namespace"):
            labels = namespace["metadata"]["labels"]
            for mode in ("enforce", "audit", "warn"):
                if labels.get(f"pod-security.kubernetes.io/{mode}") != "restricted":
                    self.fault("Namespace", f"Pod Security does not {mode} restricted")

    def check_autoscaler(self, where, deployment):
        name = deployment["metadata"]["name"]
        wanted = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        scalers = [one for one in self.of_kind("HorizontalPodAutoscaler") if one["spec"]["scaleTargetRef"] == wanted]
        if len(scalers) != 1:
            self.fault(where, "no autoscaler says how many pods there are")
            return
        if "replicas" in deployment["spec"]:
            self.fault(where, "replicas would be set back at each apply: the autoscaler says how many")
        spec = scalers[0]["spec"]
        if spec["minReplicas"] < 2:
            self.fault(where, "one replica is none while it is replaced")
        metrics = (ROOT / "docs/metrics.md").read_text()
        for metric in [one["pods"]["metric"] for one in spec["metrics"] if one["type"] == "Pods"]:
            row = re.search(rf"^\| `{metric['name']}` \| gauge \| (.*?) \| (.*) \|$", metrics, re.MULTILINE)
            for label, value in metric["selector"]["matchLabels"].items():
                if not row or label not in row[1].split(", ") or f"`{value}`" not in row[2]:
                    self.fault(where, f"docs/metrics.md has no gauge {metric['name']}{{{label}={value}}}")


def documented():
    """Keys of secrets and ConfigMaps that commands of the document make in the namespace of production."""
    found = set()
    text = OPERATIONS.replace("\\\n", " ")
    for kind, name, rest in re.findall(r"kubectl create (secret generic|configmap) (\S+) -n bulletin (.+)", text):
        kind = "ConfigMap" if kind == "configmap" else "Secret"
        found |= {(kind, name, key) for key in re.findall(r"--from-literal=([\w.-]+)=", rest)}
    return found


def value_in(path, key):
    """The first value of the key: Python's own reader of TOML is younger than the oldest Python used."""
    return re.search(rf'^{key} = "(.+)"$', (ROOT / path).read_text(), re.MULTILINE).group(1)


def dockerfile_faults():
    """The image is built with the compiler that the tree is."""
    channel = value_in("rust-toolchain.toml", "channel")
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    if f"FROM rust:{channel}-" not in dockerfile:
        return [f"deploy/Dockerfile: is not built with Rust {channel}, which rust-toolchain.toml names"]
    return []


def rules():
    """The rules of alerts.yaml below the head of the file they are copied to."""
    head = RULES.read_text().split("\nspec:\n")[0]
    alerts = (ROOT / "deploy/monitoring/alerts.yaml").read_text().split("\n", 1)[1]
    return f"{head}\nspec:\n" + re.sub("^(?=.)", "  ", alerts, flags=re.MULTILINE)


def main():
    if sys.argv[1:] == ["--rules"]:
        RULES.write_text(rules())
        return
    program = Program(os.path.abspath(sys.argv[1]))
    faults = dockerfile_faults()
    if RULES.read_text() != rules():
        faults.append(f"{RULES.name}: is not what alerts.yaml says; run scripts/check-manifests --rules")
    overlays = {}
    for path in sys.argv[2:]:
        overlays[Path(path).stem] = [found for found in yaml.safe_load_all(Path(path).read_text()) if found]
    # As the document restores one.
    overlays["restored"] = check_operators.restored(overlays["production"], OPERATIONS)
    for name, objects in overlays.items():
        faults += Manifests(name, objects, program).check()
    client = check_operators.client(OPERATIONS)
    faults += check_operators.client_faults(Manifests("client", [client], program), overlays["production"])
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        sys.exit(1)
    count = sum(len(objects) for objects in overlays.values())
    print(f"{count} objects are valid and agree: of {', '.join(overlays)}; and the document's client")


if __name__ == "__main__":
    main()
