#!/usr/bin/env python3
"""The project speaks of itself alone: no path of somebody's machine, and no link but to hosts that are meant.

A link rots, and a link to a package mirror or an inside host helps nobody; so the hosts that may be named are listed here.
"""
import re

from sources import files, finish, root

HOSTS = {
    "kafka.apache.org", "cwiki.apache.org", "www.apache.org", "issues.apache.org", "spark.apache.org", "json-schema.org", "www.w3.org",
    "tools.ietf.org", "www.rfc-editor.org", "testanything.org", "docs.confluent.io", "localhost", "127.0.0.1", "github.com",
}
EXAMPLE = re.compile(r"(^|\.)(example(\.(com|org|net|edu))?|invalid|test)$") # names that RFC 2606 sets aside
LINK = re.compile(r"\b(?:https?|ssh|git)://(?:[^/\s@\"'<>]*@)?([A-Za-z0-9.-]+)")
MACHINE = re.compile(r"(?<![\w.$}>/-])/(?:home/(?!student\b)[a-z]|root/[a-z]|Users/[A-Za-z]|[w]ork/|tmp/wt\b)")
TEXT = (".c", ".h", ".py", ".sh", ".md", ".txt", ".yaml", ".yml", ".json", ".cmake", "CMakeLists.txt", "weir", "run", ".properties")


def main():
    faults = []
    for path in files(*TEXT):
        where = path.relative_to(root())
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for host in LINK.findall(line):
                if host.lower() not in HOSTS and not EXAMPLE.search(host.lower()):
                    faults.append(f"{where}:{number}: links to {host}; if that is meant, add it to tools/house/words.py")
            if match := MACHINE.search(line):
                faults.append(f"{where}:{number}: names a path of one machine ({match.group()}...)")
    finish("words", faults)


main()
