use super::*;

fn sampled_volume(shape: &Shape, pose: &Pose) -> f32 {
    // Parallel rays a quarter millimetre apart add up to the volume, whatever the pose.
    let mut sum = 0.0;
    let direction = pose.local_direction([0.0, 0.0, 1.0]);
    for i in -120..120 {
        for j in -120..120 {
            let point = pose.local_point([i as f32 * 0.25 + 0.11, j as f32 * 0.25 + 0.13, 0.0]);
            sum += shape.chord(point, direction) * 0.0625;
        }
    }
    sum
}

#[test]
fn chords_add_up_to_the_volume_in_any_pose() {
    let outline = vec![[-8.0, -5.0], [9.0, -5.0], [9.0, 1.0], [0.0, 1.0], [0.0, 6.0], [-8.0, 6.0]];
    let shapes = [
        Shape::Block([5.0, 8.0, 3.0]),
        Shape::Ellipsoid([5.0, 8.0, 3.0]),
        Shape::Cylinder(4.0, 9.0),
        Shape::Prism(outline, 4.0),
    ];
    for shape in shapes {
        for pose in [Pose::turned(0.0, 0.0, 0.0), Pose::turned(0.7, 0.4, 1.1).moved(2.0, -3.0, 1.0)] {
            let (ours, true_volume) = (sampled_volume(&shape, &pose), shape.volume());
            assert!((ours / true_volume - 1.0).abs() < 0.02, "{shape:?}: {ours} for {true_volume}");
        }
    }
}

#[test]
fn a_pose_between_two_points_ends_at_them() {
    let pose = Pose::between([1.0, 2.0, 3.0], [4.0, 6.0, 3.0]);
    let end = pose.place([0.0, 0.0, 2.5]);
    assert!(end.iter().zip([4.0, 6.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-4), "{end:?}");
}
