//! `_statistics`: what the `statistics` module computes natively.

/// The coefficients of a quotient of polynomials, highest power first.
type Coefficients = [f64; 8];

/// Wichura's algorithm AS241 (1988): three rational approximations.
const CENTRAL: (Coefficients, Coefficients) = (
    [
        2_509.080_928_730_122_7,
        33_430.575_583_588_13,
        67_265.770_927_008_7,
        45_921.953_931_549_87,
        13_731.693_765_509_46,
        1_971.590_950_306_551_3,
        133.141_667_891_784_38,
        3.387_132_872_796_366_5,
    ],
    [
        5_226.495_278_852_854,
        28_729.085_735_721_943,
        39_307.895_800_092_71,
        21_213.794_301_586_597,
        5_394.196_021_424_751,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
);
const MIDDLE: (Coefficients, Coefficients) = (
    [
        7.745_450_142_783_414e-4,
        0.022_723_844_989_269_184,
        0.241_780_725_177_450_6,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        0.015_198_666_563_616_457,
        0.148_103_976_427_480_08,
        0.689_767_334_985_1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
);
const TAIL: (Coefficients, Coefficients) = (
    [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        0.001_242_660_947_388_078_4,
        0.026_532_189_526_576_124,
        0.296_560_571_828_504_87,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    [
        2.044_263_103_389_939_8e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        0.014_875_361_290_850_615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_888,
        1.0,
    ],
);

fn polynomial(coefficients: &Coefficients, x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// The number below which a share `p` of a normal distribution lies; None outside of (0, 1).
pub fn normal_quantile(p: f64, mean: f64, deviation: f64) -> Option<f64> {
    if p <= 0.0 || p >= 1.0 {
        return None;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        let x = polynomial(&CENTRAL.0, r) * q / polynomial(&CENTRAL.1, r);
        return Some(mean + x * deviation);
    }
    let r = if q <= 0.0 { p } else { 1.0 - p };
    if r <= 0.0 || r >= 1.0 {
        return None;
    }
    let r = (-r.ln()).sqrt();
    let ((over, under), r) = if r <= 5.0 { (&MIDDLE, r - 1.6) } else { (&TAIL, r - 5.0) };
    let x = polynomial(over, r) / polynomial(under, r);
    Some(mean + if q < 0.0 { -x } else { x } * deviation)
}

#[vm::prelude::pymodule(name = "_statistics", doc = "Accelerators for the statistics module.")]
pub mod module {
    use vm::prelude::*;

    #[pyfunction]
    fn _normal_dist_inv_cdf(th: &mut Thread, p: f64, mu: f64, sigma: f64) -> PyResult<f64> {
        match super::normal_quantile(p, mu, sigma) {
            Some(x) => Ok(x),
            None => Err(th.value_error("inv_cdf undefined for these parameters")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::normal_quantile;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        assert_eq!(normal_quantile(0.5, 3.0, 2.0), Some(3.0));
        let close = |p, expected: f64| {
            let x = normal_quantile(p, 0.0, 1.0).unwrap();
            assert!((x - expected).abs() < 1e-12 * expected.abs(), "{p}: {x}");
        };
        close(0.975, 1.959_963_984_540_054);
        close(0.01, -2.326_347_874_040_841);
        close(1e-20, -9.262_340_089_798_408);
        assert_eq!(normal_quantile(0.0, 0.0, 1.0), None);
    }
}
