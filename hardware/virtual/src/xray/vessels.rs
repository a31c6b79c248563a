//! Containers and what stands in them: walls, levels, bags.
//!
//! They stand alone because a full bottle is a target, the same bottle empty a look-alike and a tub of powder another
//! class: the wall must not tell which. They refuse to know classes.

use super::physics::Material;
use super::shape::{Assembly, Pose, Shape};

/// A round container as a staircase of rings.
pub struct Vessel {
    /// What the wall is made of.
    pub wall: Material,
    /// How thick the wall is, millimetres.
    pub wall_mm: f32,
    /// Length and outer radius of each ring, from the bottom to the mouth, millimetres.
    pub rings: Vec<[f32; 2]>,
}

/// What is in a container.
#[derive(Clone, Copy)]
pub struct Content {
    /// What it is.
    pub material: Material,
    /// Part of the solid's density.
    pub fill: f32,
    /// How high it stands, as part of the inside height.
    pub level: f32,
}

impl Vessel {
    /// A bottle: body, three steps of shoulder, neck.
    pub fn bottle(wall: Material, wall_mm: f32, radius: f32, length: f32, neck: f32) -> Vessel {
        let shoulder = radius - neck;
        let rings = vec![
            [length, radius],
            [0.3 * shoulder, neck + 0.8 * shoulder],
            [0.35 * shoulder, neck + 0.45 * shoulder],
            [0.6 * neck + 8.0, neck],
        ];
        Vessel { wall, wall_mm, rings }
    }

    /// A tub, jar or can: one ring.
    pub fn straight(wall: Material, wall_mm: f32, radius: f32, length: f32) -> Vessel {
        Vessel { wall, wall_mm, rings: vec![[length, radius]] }
    }

    /// From the bottom to the mouth.
    pub fn length(&self) -> f32 {
        self.rings.iter().map(|ring| ring[0]).sum()
    }

    /// The greatest outer radius.
    pub fn radius(&self) -> f32 {
        self.rings.iter().map(|ring| ring[1]).fold(0.0, f32::max)
    }

    /// Lying along y on z = 0, its middle at the origin, the mouth at +y.
    pub fn lying(&self, made: &mut Assembly, content: Option<Content>) {
        let axis = self.radius();
        let mut y = -0.5 * self.length();
        let bottom = self.rings[0][1] - self.wall_mm;
        made.bar([0.0, y, axis], [0.0, y + self.wall_mm, axis], bottom, self.wall, 1.0);
        for (index, &[length, radius]) in self.rings.iter().enumerate() {
            let (from, to) = ([0.0, y, axis], [0.0, y + length, axis]);
            made.pipe(from, to, radius, self.wall_mm, self.wall);
            if let Some(content) = content {
                let begin = [0.0, if index == 0 { y + self.wall_mm } else { y }, axis];
                let inside = radius - self.wall_mm;
                let lowest = inside - (axis - self.wall_mm);
                let height = 2.0 * (axis - self.wall_mm) * content.level + lowest;
                partly_full(made, [begin, to], inside, height, content);
            }
            y += length;
        }
    }

    /// Standing on z = 0, its axis at the origin.
    pub fn standing(&self, made: &mut Assembly, content: Option<Content>) {
        let mut z = 0.0;
        made.bar([0.0; 3], [0.0, 0.0, self.wall_mm], self.rings[0][1] - self.wall_mm, self.wall, 1.0);
        for &[length, radius] in &self.rings {
            made.pipe([0.0, 0.0, z], [0.0, 0.0, z + length], radius, self.wall_mm, self.wall);
            if let Some(content) = content {
                let (from, top) = (z.max(self.wall_mm), (z + length).min(content.level * self.length()));
                if top > from {
                    let inside = radius - self.wall_mm;
                    made.bar([0.0, 0.0, from], [0.0, 0.0, top], inside, content.material, content.fill);
                }
            }
            z += length;
        }
    }
}

/// Content of a lying ring up to `height` over the ring's lowest inside.
fn partly_full(made: &mut Assembly, ends: [[f32; 3]; 2], radius: f32, height: f32, content: Content) {
    let half = 0.5 * (ends[1][1] - ends[0][1]);
    if height >= 2.0 * radius - 0.05 {
        made.bar(ends[0], ends[1], radius, content.material, content.fill);
    } else if height > 0.3 && half > 0.0 {
        let shape = Shape::Prism(segment(radius, height), half);
        made.add(shape, content.material, content.fill, Pose::between(ends[0], ends[1]));
    }
}

/// The part of a disc below `height` over its lowest point, as a polygon with y up.
fn segment(radius: f32, height: f32) -> Vec<[f32; 2]> {
    let half_angle = (1.0 - height / radius).clamp(-1.0, 1.0).acos();
    (0..=18)
        .map(|i| half_angle * (i as f32 / 9.0 - 1.0))
        .map(|angle| [radius * angle.sin(), -radius * angle.cos()])
        .collect()
}

/// A closed block with thin walls, by full outer sizes.
pub fn case(made: &mut Assembly, size: [f32; 3], wall_mm: f32, wall: Material, pose: Pose) {
    made.block(size, wall, 1.0, pose);
    made.block(size.map(|s| s - 2.0 * wall_mm), wall, -1.0, pose);
}

/// A zip bag of plastic film on z = 0: two films and a thick seal at +y.
pub fn bag(made: &mut Assembly, width: f32, length: f32) {
    made.block([width, length, 0.16], Material::Polyethylene, 1.0, Pose::at(0.0, 0.0, 0.1));
    made.block([width, 3.5, 1.4], Material::Polyethylene, 1.0, Pose::at(0.0, length * 0.5 - 6.0, 0.9));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lying_and_a_standing_bottle_hold_what_their_level_says() {
        let vessel = Vessel::straight(Material::Pet, 1.0, 31.0, 101.0);
        let full = std::f32::consts::PI * 30.0 * 30.0 * 100.0 * 1e-3;
        for (level, share) in [(1.0, 1.0), (0.5, 0.5), (0.25, 0.1955)] {
            let content = Content { material: Material::Water, fill: 1.0, level };
            let grams = |made: &Assembly| -> f32 {
                made.parts.iter().filter(|part| part.material == Material::Water).map(|part| part.mass_g()).sum()
            };
            let (mut lying, mut standing) = (Assembly::default(), Assembly::default());
            vessel.lying(&mut lying, Some(content));
            vessel.standing(&mut standing, Some(content));
            // A disc's quarter height holds 19.55 % of its area; the polygon loses up to 2 %.
            assert!((grams(&lying) / (full * share) - 1.0).abs() < 0.025, "{level}: {} g", grams(&lying));
            assert!((grams(&standing) / (full * level) - 1.0).abs() < 0.03, "{level}: {} g", grams(&standing));
        }
    }
}
