import runpy

from rtcomplexity.evidence.schema import generate_schema


def test_the_module_prints_the_schema(capsys):
    runpy.run_module("rtcomplexity.evidence.schema", run_name="__main__")
    assert capsys.readouterr().out == generate_schema()
