//! Solid shapes and how far a ray runs inside them.
//!
//! It stands alone because it is geometry only: it knows neither materials' attenuation nor a detector. Lengths are
//! millimetres; x is across the belt, y along it, z up. It refuses meshes: four convex or extruded primitives, added
//! and carved, make every good and every target of the generator.

use super::physics::Material;

/// A point or direction.
pub type Vector = [f32; 3];

/// A primitive in its own frame, centred on the origin.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Half sizes along x, y, z.
    Block(Vector),
    /// Half axes along x, y, z.
    Ellipsoid(Vector),
    /// Round bar along z: radius, half length.
    Cylinder(f32, f32),
    /// A simple polygon in x, y pulled along z: outline, half height.
    Prism(Vec<[f32; 2]>, f32),
}

/// Where a shape stands: a rotation (rows) and then a shift.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    rows: [Vector; 3],
    /// Position of the shape's origin.
    pub shift: Vector,
}

/// Points of a closed ring in the x, y plane round a centre, the first repeated at the end.
pub fn circle(centre: Vector, radii: [f32; 2], steps: usize) -> Vec<Vector> {
    (0..=steps)
        .map(|i| (i as f32 * std::f32::consts::TAU / steps as f32).sin_cos())
        .map(|(sine, cosine)| [centre[0] + radii[0] * cosine, centre[1] + radii[1] * sine, centre[2]])
        .collect()
}

/// A shape of a material in its place. `fill` is the part of the solid's density (0.3 for folded cloth); a negative
/// fill carves the same material away again (a bore, the inside of a bottle).
#[derive(Clone, Debug)]
pub struct Part {
    /// The primitive.
    pub shape: Shape,
    /// What it is made of.
    pub material: Material,
    /// Part of the solid's density, negative to carve.
    pub fill: f32,
    /// Where it stands.
    pub pose: Pose,
}

impl Pose {
    /// No turn, shifted.
    pub fn at(x: f32, y: f32, z: f32) -> Pose {
        Pose { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], shift: [x, y, z] }
    }

    /// Turned about z by `yaw`, after about x by `roll`, after about y by `pitch` (radians), not shifted.
    pub fn turned(yaw: f32, roll: f32, pitch: f32) -> Pose {
        let (ys, yc) = yaw.sin_cos();
        let (rs, rc) = roll.sin_cos();
        let (ps, pc) = pitch.sin_cos();
        let about_y = Pose { rows: [[pc, 0.0, ps], [0.0, 1.0, 0.0], [-ps, 0.0, pc]], shift: [0.0; 3] };
        let about_x = Pose { rows: [[1.0, 0.0, 0.0], [0.0, rc, -rs], [0.0, rs, rc]], shift: [0.0; 3] };
        let about_z = Pose { rows: [[yc, -ys, 0.0], [ys, yc, 0.0], [0.0, 0.0, 1.0]], shift: [0.0; 3] };
        about_z.over(&about_x.over(&about_y))
    }

    /// The pose that puts local z along the line from one point to another, centred between them.
    pub fn between(from: Vector, to: Vector) -> Pose {
        let along = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
        let length = dot(along, along).sqrt().max(1e-6);
        let z = along.map(|c| c / length);
        let helper = if z[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
        let x = unit(cross(helper, z));
        let y = cross(z, x);
        let middle = [(from[0] + to[0]) * 0.5, (from[1] + to[1]) * 0.5, (from[2] + to[2]) * 0.5];
        Pose { rows: [[x[0], y[0], z[0]], [x[1], y[1], z[1]], [x[2], y[2], z[2]]], shift: middle }
    }

    /// The same turn, shifted further.
    pub fn moved(mut self, x: f32, y: f32, z: f32) -> Pose {
        self.shift = [self.shift[0] + x, self.shift[1] + y, self.shift[2] + z];
        self
    }

    /// This pose applied to something already posed by `inner`.
    pub fn over(&self, inner: &Pose) -> Pose {
        let mut rows = [[0.0; 3]; 3];
        for (row, mine) in rows.iter_mut().zip(&self.rows) {
            for (column, cell) in row.iter_mut().enumerate() {
                *cell = (0..3).map(|k| mine[k] * inner.rows[k][column]).sum();
            }
        }
        Pose { rows, shift: self.place(inner.shift) }
    }

    /// A local point in the outer frame.
    pub fn place(&self, point: Vector) -> Vector {
        let turned = self.rows.map(|row| dot(row, point));
        [turned[0] + self.shift[0], turned[1] + self.shift[1], turned[2] + self.shift[2]]
    }

    /// An outer direction in the local frame.
    pub fn local_direction(&self, direction: Vector) -> Vector {
        [0, 1, 2].map(|c| (0..3).map(|k| self.rows[k][c] * direction[k]).sum())
    }

    /// An outer point in the local frame.
    pub fn local_point(&self, point: Vector) -> Vector {
        self.local_direction([point[0] - self.shift[0], point[1] - self.shift[1], point[2] - self.shift[2]])
    }
}

fn dot(a: Vector, b: Vector) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: Vector) -> Vector {
    let length = dot(a, a).sqrt().max(1e-6);
    a.map(|c| c / length)
}

impl Shape {
    /// Lowest and highest corner of the local bounding block.
    pub fn bounds(&self) -> (Vector, Vector) {
        match self {
            Shape::Block(half) | Shape::Ellipsoid(half) => ([-half[0], -half[1], -half[2]], *half),
            Shape::Cylinder(radius, half) => ([-radius, -radius, -half], [*radius, *radius, *half]),
            Shape::Prism(outline, half) => {
                let (mut low, mut high) = ([f32::MAX, f32::MAX, -half], [f32::MIN, f32::MIN, *half]);
                for point in outline {
                    for axis in 0..2 {
                        low[axis] = low[axis].min(point[axis]);
                        high[axis] = high[axis].max(point[axis]);
                    }
                }
                (low, high)
            }
        }
    }

    /// Volume in mm³.
    pub fn volume(&self) -> f32 {
        match self {
            Shape::Block(half) => 8.0 * half[0] * half[1] * half[2],
            Shape::Ellipsoid(half) => 4.0 / 3.0 * std::f32::consts::PI * half[0] * half[1] * half[2],
            Shape::Cylinder(radius, half) => std::f32::consts::PI * radius * radius * 2.0 * half,
            Shape::Prism(outline, half) => area(outline).abs() * 2.0 * half,
        }
    }

    /// Millimetres a line runs inside, through a local point in a local unit direction.
    pub fn chord(&self, point: Vector, direction: Vector) -> f32 {
        match self {
            Shape::Block(half) => {
                let (mut from, mut to) = (f32::MIN, f32::MAX);
                for axis in 0..3 {
                    slab(point[axis], direction[axis], half[axis], &mut from, &mut to);
                }
                (to - from).max(0.0)
            }
            Shape::Ellipsoid(half) => {
                let p = [point[0] / half[0], point[1] / half[1], point[2] / half[2]];
                let d = [direction[0] / half[0], direction[1] / half[1], direction[2] / half[2]];
                let a = dot(d, d);
                let b = dot(p, d);
                let root = b * b - a * (dot(p, p) - 1.0);
                if root > 0.0 { 2.0 * root.sqrt() / a } else { 0.0 }
            }
            Shape::Cylinder(radius, half) => {
                let (mut from, mut to) = (f32::MIN, f32::MAX);
                slab(point[2], direction[2], *half, &mut from, &mut to);
                let a = direction[0] * direction[0] + direction[1] * direction[1];
                let c = point[0] * point[0] + point[1] * point[1] - radius * radius;
                if a < 1e-9 {
                    return if c < 0.0 { (to - from).max(0.0) } else { 0.0 };
                }
                let b = point[0] * direction[0] + point[1] * direction[1];
                let root = b * b - a * c;
                if root <= 0.0 {
                    return 0.0;
                }
                let root = root.sqrt();
                (to.min((-b + root) / a) - from.max((-b - root) / a)).max(0.0)
            }
            Shape::Prism(outline, half) => prism_chord(outline, *half, point, direction),
        }
    }
}

fn slab(point: f32, direction: f32, half: f32, from: &mut f32, to: &mut f32) {
    if direction.abs() < 1e-7 {
        if point.abs() >= half {
            *to = f32::MIN;
            *from = f32::MAX;
        }
        return;
    }
    let (a, b) = ((-half - point) / direction, (half - point) / direction);
    *from = from.max(a.min(b));
    *to = to.min(a.max(b));
}

fn prism_chord(outline: &[[f32; 2]], half: f32, point: Vector, direction: Vector) -> f32 {
    let (mut from, mut to) = (f32::MIN, f32::MAX);
    slab(point[2], direction[2], half, &mut from, &mut to);
    if to <= from {
        return 0.0;
    }
    let (dx, dy) = (direction[0], direction[1]);
    if dx * dx + dy * dy < 1e-9 {
        return if contains(outline, [point[0], point[1]]) { to - from } else { 0.0 };
    }
    // Crossings with the outline, in order along the line, pair up into the stretches inside.
    let mut crossings = [0.0f32; 16];
    let mut count = 0;
    let mut previous = outline[outline.len() - 1];
    let side = |p: [f32; 2]| (p[0] - point[0]) * dy - (p[1] - point[1]) * dx;
    for &corner in outline {
        let (a, b) = (side(previous), side(corner));
        if (a > 0.0) != (b > 0.0) && count < crossings.len() {
            let share = a / (a - b);
            let x = previous[0] + share * (corner[0] - previous[0]) - point[0];
            let y = previous[1] + share * (corner[1] - previous[1]) - point[1];
            crossings[count] = (x * dx + y * dy) / (dx * dx + dy * dy);
            count += 1;
        }
        previous = corner;
    }
    let crossings = &mut crossings[..count];
    crossings.sort_unstable_by(f32::total_cmp);
    crossings.chunks_exact(2).map(|pair| (pair[1].min(to) - pair[0].max(from)).max(0.0)).sum()
}

fn contains(outline: &[[f32; 2]], point: [f32; 2]) -> bool {
    let mut inside = false;
    let mut previous = outline[outline.len() - 1];
    for &corner in outline {
        if (corner[1] > point[1]) != (previous[1] > point[1]) {
            let share = (point[1] - corner[1]) / (previous[1] - corner[1]);
            if point[0] < corner[0] + share * (previous[0] - corner[0]) {
                inside = !inside;
            }
        }
        previous = corner;
    }
    inside
}

fn area(outline: &[[f32; 2]]) -> f32 {
    let mut sum = 0.0;
    let mut previous = outline[outline.len() - 1];
    for &corner in outline {
        sum += previous[0] * corner[1] - corner[0] * previous[1];
        previous = corner;
    }
    sum * 0.5
}

impl Part {
    /// Grams, negative for a carved part.
    pub fn mass_g(&self) -> f32 {
        self.shape.volume() * 1e-3 * self.material.density() * self.fill
    }

    /// The eight corners of its bounding block in the outer frame.
    pub fn corners(&self) -> [Vector; 8] {
        let (low, high) = self.shape.bounds();
        std::array::from_fn(|i| {
            let pick = |axis: usize| if i >> axis & 1 == 0 { low[axis] } else { high[axis] };
            self.pose.place([pick(0), pick(1), pick(2)])
        })
    }
}

/// Things put together; the origin is wherever the maker says.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    /// In the order they were added.
    pub parts: Vec<Part>,
}

impl Assembly {
    /// Adds a part.
    pub fn add(&mut self, shape: Shape, material: Material, fill: f32, pose: Pose) {
        self.parts.push(Part { shape, material, fill, pose });
    }

    /// Adds a block by full sizes.
    pub fn block(&mut self, size: Vector, material: Material, fill: f32, pose: Pose) {
        self.add(Shape::Block(size.map(|s| s * 0.5)), material, fill, pose);
    }

    /// Adds a round bar from one point to another.
    pub fn bar(&mut self, from: Vector, to: Vector, radius: f32, material: Material, fill: f32) {
        let along = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
        let half = dot(along, along).sqrt() * 0.5;
        self.add(Shape::Cylinder(radius, half), material, fill, Pose::between(from, to));
    }

    /// Adds a hollow bar: the outside, and the inside carved.
    pub fn pipe(&mut self, from: Vector, to: Vector, radius: f32, wall: f32, material: Material) {
        self.bar(from, to, radius, material, 1.0);
        self.bar(from, to, (radius - wall).max(0.1), material, -1.0);
    }

    /// Adds a bent wire through points.
    pub fn wire(&mut self, points: &[Vector], radius: f32, material: Material) {
        for pair in points.windows(2) {
            self.bar(pair[0], pair[1], radius, material, 1.0);
        }
    }

    /// Takes over another assembly, posed.
    pub fn place(&mut self, other: &Assembly, pose: &Pose) {
        self.parts.extend(other.parts.iter().map(|part| Part { pose: pose.over(&part.pose), ..part.clone() }));
    }

    /// Adds a block hollow by `wall` on every side; the inside must be left of the same material by nobody else.
    pub fn shell(&mut self, size: Vector, wall: f32, material: Material, pose: Pose) {
        self.block(size, material, 1.0, pose);
        self.block(size.map(|s| (s - 2.0 * wall).max(0.2)), material, -1.0, pose);
    }

    /// The same things, posed.
    pub fn posed(&self, pose: &Pose) -> Assembly {
        let mut made = Assembly::default();
        made.place(self, pose);
        made
    }

    /// Takes over another assembly beside what is there, `gap` mm further along x, middles abreast, on the same floor.
    pub fn beside(&mut self, other: &Assembly, gap: f32) {
        let ((mine_low, mine_high), (low, high)) = (self.bounds(), other.bounds());
        let y = (mine_low[1] + mine_high[1] - low[1] - high[1]) * 0.5;
        self.place(other, &Pose::at(mine_high[0] + gap - low[0], y, mine_low[2] - low[2]));
    }

    /// The box (lowest corner, highest corner) round everything that is not carved.
    pub fn bounds(&self) -> (Vector, Vector) {
        let (mut low, mut high) = ([f32::MAX; 3], [f32::MIN; 3]);
        for corner in self.parts.iter().filter(|part| part.fill > 0.0).flat_map(Part::corners) {
            for axis in 0..3 {
                low[axis] = low[axis].min(corner[axis]);
                high[axis] = high[axis].max(corner[axis]);
            }
        }
        if self.parts.is_empty() { ([0.0; 3], [0.0; 3]) } else { (low, high) }
    }

    /// Grams.
    pub fn mass_g(&self) -> f32 {
        self.parts.iter().map(Part::mass_g).sum()
    }
}

#[cfg(test)]
mod tests;
