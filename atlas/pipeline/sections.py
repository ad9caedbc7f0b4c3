"""The sections of a site, in the order of its navigation. A new one is a line here and a field of
Config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atlas.atlas_toml import Config
from atlas.config.fields import Part
from atlas.findings.comparisons.section import Comparisons
from atlas.findings.inputs_embeds.section import InputsEmbeds
from atlas.findings.senses.section import SenseMaps
from atlas.findings.tables.section import ModelTables
from atlas.findings.vocabularies.section import VocabulariesSection
from atlas.findings.words.section import WordsOfAll
from atlas.maps.section import Maps
from atlas.section import Section

# Each section may use the targets and views of those before it.
SECTIONS: list[Section[Any, Any]] = [
    Maps(),
    Comparisons(),
    SenseMaps(),
    InputsEmbeds(),
    WordsOfAll(),
    VocabulariesSection(),
    ModelTables(),
]


def entries(config: Config, section: Section[Any, Any]) -> Sequence[Part]:
    """A section's tables of atlas.toml."""
    tables = getattr(config, section.table)
    if tables is None:
        return ()
    return tables if isinstance(tables, tuple) else (tables,)
