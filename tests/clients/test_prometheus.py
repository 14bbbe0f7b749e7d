"""Prometheus' own parser on what a scrape gives."""
import unittest
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

import golden


def scrape(address):
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain"), answer.headers
        return {family.name: family for family in text_string_to_metric_families(answer.read().decode())}


class PrometheusTest(unittest.TestCase):
    def test_both_ports_tell_the_same_families(self):
        self.assertEqual(set(scrape(golden.METRICS)), set(scrape(golden.HTTP)))

    def test_requests_are_counted(self):
        def count():
            family = scrape(golden.METRICS).get("baryon_requests")
            return sum(sample.value for sample in family.samples if sample.name == "baryon_requests_total" and
                       sample.labels["code"] == "NOT_FOUND") if family else 0

        before = count()
        request = urllib.request.Request(f"http://{golden.HTTP}/v2/models/nobody/infer", data=b"{}")
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=60)
        self.assertEqual(count() - before, 1)

    def test_histograms_are_whole(self):
        families = scrape(golden.METRICS)
        histograms = [family for family in families.values() if family.type == "histogram"]
        self.assertTrue(histograms)
        for family in histograms:
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    self.assertIn("le", sample.labels)
