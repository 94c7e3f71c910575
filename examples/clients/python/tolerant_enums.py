"""Lets the enums of a generated client take values that a later version of the API sends.

python tolerant_enums.py FOLDER-OF-THE-CLIENT
"""

import pathlib
import re
import sys

METHOD = '''
    @classmethod
    def _missing_(cls, value: object) -> "{name}":
        member = str.__new__(cls, value)
        member._name_, member._value_ = "UNKNOWN", str(value)
        return member
'''

for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    source = path.read_text()
    tolerant = re.sub(r"^class (\w+)\((?:str, Enum|StrEnum)\):\n", lambda it: it[0] + METHOD.format(name=it[1]), source, flags=re.M)
    if tolerant != source:
        path.write_text(tolerant)
