#!/usr/bin/python3
"""What the files of deployment say is so: deployment_test.py PROGRAM, from the root of the project."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

PROGRAM = str(pathlib.Path(sys.argv[1]).absolute())
DEPLOY = pathlib.Path("deploy")


def exported_names() -> set:
    """The metrics of a server that has answered one request and refused another."""
    command = [PROGRAM, "serve", "--repository", "deploy/demo/repository", "--measure-seconds=0"]
    ports = ["--grpc-port=0", "--http-port=0", "--metrics-port=0", "--linger-seconds=0"]
    with subprocess.Popen(command + ports, stdout=subprocess.PIPE, text=True) as server:
        addresses = dict(word.split("=") for word in server.stdout.readline().split()[2:])
        for picture, code in (("deploy/demo/pictures/3.png", 0), (__file__, 1)):
            predict = [PROGRAM, "predict", "digits", "--server", addresses["grpc"], "--input", picture]
            done = subprocess.run(predict, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert done.returncode == code, (picture, done.returncode)
        with urllib.request.urlopen(f"http://{addresses['metrics']}/metrics") as response:
            text = response.read().decode()
        server.terminate()
    # Families that have no series yet are not in the text, so their names come from the declarations too.
    declared = re.findall(r'"(baryon_\w+)"', pathlib.Path("server/metrics/metrics.cc").read_text())
    return set(re.findall(r"^([a-z_]+)", text, re.MULTILINE)) | set(declared)


class DeploymentTest(unittest.TestCase):
    def test_the_dashboard_asks_for_metrics_that_are_exported(self) -> None:
        dashboard = json.loads((DEPLOY / "grafana/baryon.json").read_text())
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(asked), 10)
        exported = exported_names()
        self.assertIn("baryon_requests_total", exported)
        for expression in asked + [dashboard["templating"]["list"][0]["query"]["query"]]:
            names = re.findall(r"\b((?:baryon|process)_\w+)", expression)
            self.assertTrue(names, expression)
            for name in names:
                family = re.sub(r"_(bucket|sum|count)$", "", name)
                self.assertTrue(name in exported or family in exported, f"{name} in {expression}")

    def test_compose_mounts_files_that_exist(self) -> None:
        compose = (DEPLOY / "docker/compose.yaml").read_text()
        paths = re.findall(r"(\.\./[\w./-]+)[:}]", compose)
        self.assertGreaterEqual(len(paths), 5)
        for path in paths:
            self.assertTrue((DEPLOY / "docker" / path).exists(), path)

    def test_options_of_units_and_images_are_the_programs(self) -> None:
        shown = {
            command: subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True).stdout
            for command in ("serve", "status")
        }
        for name in ("systemd/baryon.service", "docker/Dockerfile"):
            text = (DEPLOY / name).read_text()
            commands = re.findall(r'baryon (serve|status) (.*)|"(serve|status)", (.*)\]', text)
            self.assertTrue(commands, name)
            for command, options, quoted, quoted_options in commands:
                for option in re.findall(r"--[a-z-]+", options + quoted_options):
                    self.assertIn(option, shown[command or quoted], name)

    def test_systemd_takes_the_unit(self) -> None:
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "baryon.service"
            unit.write_text((DEPLOY / "systemd/baryon.service").read_text().replace("/usr/local/bin/baryon", PROGRAM))
            done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
            complaints = [line for line in done.stderr.splitlines() if "baryon.service" in line]
            self.assertEqual(complaints, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
