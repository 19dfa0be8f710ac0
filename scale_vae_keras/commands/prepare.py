"""`scale-vae prepare`: a corpus from your own files."""

import argparse

from scale_vae_keras.commands.console import listed_labels
from scale_vae_keras.data.preparation import Preparation, prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="+",
        help="a table (.csv, .tsv or .parquet) with one document per row, a .jsonl file with one "
        "per line, a folder with one per .txt file, or any other file as text with one per line "
        "(label<TAB>text if its first line that is not blank holds a tab); several inputs are "
        "combined",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DATA",
        help="the corpus folder to create: train.txt, valid.txt and test.txt",
    )
    parser.add_argument(
        "--text",
        metavar="COLUMN",
        help="the column with the text; by default the one named text, or the only one",
    )
    parser.add_argument(
        "--label", metavar="COLUMN", help="the column with the label; none by default"
    )
    parser.add_argument(
        "--split",
        nargs=3,
        type=float,
        metavar=("A", "B", "C"),
        help="shares of train, valid and test, in any unit; 0.9 0.05 0.05 by default",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the split, 0 by default")
    parser.add_argument(
        "--valid",
        nargs="+",
        metavar="INPUT",
        help="data that is divided already: the validation documents; the first inputs are train",
    )
    parser.add_argument(
        "--test",
        nargs="+",
        metavar="INPUT",
        help="data that is divided already: the test documents",
    )
    parser.add_argument(
        "--keep-unlabelled",
        action="store_true",
        help="keep documents without a label among labelled ones, for semi_supervised training",
    )
    parser.add_argument(
        "--deduplicate",
        action="store_true",
        help="keep only the first of identical texts; otherwise all are kept, in the same split",
    )
    parser.add_argument(
        "--encoding",
        metavar="NAME",
        help="encoding of the inputs, such as latin-1; by default taken from the byte order mark, "
        "else UTF-8",
    )


def run(options: argparse.Namespace) -> None:
    """Makes the corpus, and prints what was read, dropped and written."""
    report = prepare(
        options.inputs,
        options.output,
        text=options.text,
        label=options.label,
        split=options.split and tuple(options.split),
        seed=options.seed,
        deduplicate=options.deduplicate,
        encoding=options.encoding,
        valid=options.valid,
        test=options.test,
        keep_unlabelled=options.keep_unlabelled,
    )
    seed = None if options.valid else options.seed or 0
    print("\n".join(report_lines(report, options.output, seed)))


def report_lines(report: Preparation, output: str, seed: int | None) -> list[str]:
    """What a preparation did, in lines to print; no seed where the data was divided already."""
    lines = [
        f"read: {name} ({report.kinds[name]}), {count:,} documents{_where(report, name)}"
        for name, count in report.read.items()
    ]
    dropped = [f"{report.empty:,} empty"]
    if report.kept_unlabelled:
        lines.append(f"without a label: {report.unlabelled:,}, kept")
    elif report.labels is not None or report.unlabelled:
        dropped.append(f"{report.unlabelled:,} without a label")
    if report.deduplicated:
        dropped.append(f"{report.duplicates:,} duplicates")
    lines.append(f"dropped: {', '.join(dropped)}")
    if not report.deduplicated:
        lines.append(f"duplicates: {report.duplicates:,}, kept (--deduplicate drops them)")
    if report.conflicting:
        lines.append(f"duplicates with another label than the first: {report.conflicting:,}")
    lines.append(f"tabs and line breaks turned into spaces: in {report.rewritten:,} documents")
    lines.append(f"encoding trouble: {_encoding_trouble(report)}")
    for unit, lengths in (("characters", report.characters), ("words", report.words)):
        median, most, longest = lengths
        lines.append(f"{unit}: median {median:,.0f}, 95 % {most:,.0f}, longest {longest:,}")
    if report.labels is not None:
        lines.append(f"labels: {listed_labels(report.labels)}")
    sizes = ", ".join(f"{name} {size:,}" for name, size in report.sizes.items())
    divided = "splits as given" if seed is None else f"split with seed {seed}"
    lines.append(f"{divided}: {sizes}; texts in two splits: {report.overlap:,}")
    lines += [f"warning: {warning}" for warning in report.warnings]
    lines.append(f"{output} is ready: scale-vae train {output} --output RUN")
    return lines


def _where(report: Preparation, name: str) -> str:
    """The column of the text, and how many files of a folder are none."""
    column, left_out = report.columns.get(name), report.left_out.get(name)
    said = "" if column is None else f", text in the column {column!r}"
    return said if left_out is None else f"{said}, {left_out:,} other files left out"


def _encoding_trouble(report: Preparation) -> str:
    found = {
        "U+FFFD in": report.damaged,
        "UTF-8 once read as Latin-1 (Ã©) in": report.decoded_wrongly,
        "NUL or half surrogate pairs, now U+FFFD, in": report.replaced,
    }
    return ", ".join(f"{name} {count:,}" for name, count in found.items() if count) or "none"
