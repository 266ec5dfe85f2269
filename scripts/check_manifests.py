"""Checks rendered manifests beyond their schema: that they agree with the program and with each other.

usage: check_manifests.py PROGRAM RENDERED.yaml…
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
# Read by the program's logging, not an option.
BESIDE_OPTIONS = {"RUST_LOG"}
# For what the process does after its last call and its last write.
CLOSE_SECONDS = 5
WORKLOADS = {"Deployment", "Job"}
# Of the secret that production takes from others, as docs/operations.md says.
SECRET_KEYS = {"url", "replica-urls"}


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
            found = set(re.findall(r"\[env: (\w+)", help_text.stdout))
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
        # 1 is the database that cannot be reached; anything else came before.
        expected = run.returncode == 1 and "the database cannot be used" in run.stderr
        return None if expected else run.stderr.strip() or f"exit code {run.returncode}"


class Manifests:
    """One rendered overlay, and what is wrong with it."""

    def __init__(self, path, program):
        self.name = Path(path).stem
        self.program = program
        self.objects = [found for found in yaml.safe_load_all(Path(path).read_text()) if found]
        self.faults = []

    def fault(self, where, what):
        self.faults.append(f"{self.name}: {where}: {what}")

    def of_kind(self, *kinds):
        return [found for found in self.objects if found["kind"] in kinds]

    def named(self, kind, name):
        found = [one for one in self.of_kind(kind) if one["metadata"]["name"] == name]
        return found[0] if found else None

    def pods(self, selector):
        """Workloads whose pods carry all labels of the selector."""
        return [
            one
            for one in self.of_kind(*WORKLOADS)
            if selector.items() <= one["spec"]["template"]["metadata"]["labels"].items()
        ]

    def check(self):
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
        if self.name == "production":
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
        if mounted - {volume["name"] for volume in pod.get("volumes", [])}:
            self.fault(where, f"a volume of {sorted(mounted)} is not there")
        environment = self.environment(where, container)
        if container["name"] == "bulletin":
            self.check_bulletin(where, template, container, environment)

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
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                self.check_secret(where, reference)
            elif "valueFrom" in variable or variable["name"] == "DATABASE_URL":
                self.fault(where, f"{variable['name']} must come from a secret's key")
        return found

    def check_secret(self, where, reference):
        secret = self.named("Secret", reference["name"])
        if self.name == "production":
            # Made by others: what it is called is documented.
            if reference["name"] != "bulletin-database" or reference["key"] not in SECRET_KEYS:
                self.fault(where, f"secret {reference} is not the one docs/operations.md names")
            elif reference.get("optional", False) == (reference["key"] == "url"):
                self.fault(where, f"secret {reference}: url, and nothing else, must be there")
        elif reference.get("optional", False):
            return
        elif secret is None or reference["key"] not in secret["data"]:
            self.fault(where, f"secret {reference} is not there")

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
        values = {name: value for name, value in environment.items() if value is not None}
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
            if one["kind"] == "Deployment":
                for spread in spec["template"]["spec"].get("topologySpreadConstraints", []):
                    selectors.append((where, one, spread["labelSelector"]["matchLabels"]))
        for where, one, selector in selectors:
            found = [workload["metadata"]["name"] for workload in self.pods(selector)]
            if found != [one["metadata"]["name"]]:
                self.fault(where, f"{selector} selects the pods of {found}")

    def check_services(self):
        for service in self.of_kind("Service", "NetworkPolicy"):
            where, spec = f"{service['kind']} {service['metadata']['name']}", service["spec"]
            if service["kind"] == "Service":
                selector, wanted = spec["selector"], [port["targetPort"] for port in spec["ports"]]
            else:
                selector = spec["podSelector"]["matchLabels"]
                wanted = [port["port"] for rule in spec["ingress"] for port in rule["ports"]]
            for workload in self.pods(selector):
                containers = workload["spec"]["template"]["spec"]["containers"]
                names = {port["name"] for one in containers for port in one["ports"]}
                if not set(wanted) <= names:
                    self.fault(where, f"ports {wanted} are not among {sorted(names)}")

    def check_production(self):
        if self.of_kind("Secret"):
            self.fault("Secret", "no secret's value may stand in the manifests")
        release = value_in("Cargo.toml", "version")
        for one in self.of_kind(*WORKLOADS):
            where, spec = f"{one['kind']} {one['metadata']['name']}", one["spec"]
            image = spec["template"]["spec"]["containers"][0]["image"]
            if not image.endswith(f":{release}"):
                self.fault(where, f"image {image} is not of this release, {release}")
            if one["kind"] == "Deployment" and spec["replicas"] < 2:
                self.fault(where, "one replica is none while it is replaced")
        if not self.of_kind("PodDisruptionBudget"):
            self.fault("PodDisruptionBudget", "there is none")


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


def main():
    program = Program(os.path.abspath(sys.argv[1]))
    faults = dockerfile_faults()
    objects = 0
    for path in sys.argv[2:]:
        manifests = Manifests(path, program)
        objects += len(manifests.objects)
        faults += manifests.check()
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        sys.exit(1)
    print(f"{objects} objects in {len(sys.argv) - 2} overlays are valid and agree")


main()
