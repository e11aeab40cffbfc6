package dev.paligemma.vision;

/**
 * A rectangle of whole pixels; it may reach beyond the picture, and it may be empty.
 *
 * @param left first column
 * @param top first row
 * @param right behind the last column
 * @param bottom behind the last row
 */
public record PixelBox(int left, int top, int right, int bottom) {
    private static final PixelBox EMPTY = new PixelBox(0, 0, 0, 0);

    /** Returns the number of columns: {@code right - left}, 0 if that is negative. */
    public long width() {
        return Math.max(0L, (long) right - left);
    }

    /** Returns the number of rows: {@code bottom - top}, 0 if that is negative. */
    public long height() {
        return Math.max(0L, (long) bottom - top);
    }

    /** Says whether there is no pixel inside; true if the width or the height is 0. */
    public boolean isEmpty() {
        return right <= left || bottom <= top;
    }

    /** Says whether a pixel lies inside: neither before the first nor behind the last column or row. */
    public boolean contains(int x, int y) {
        return x >= left && x < right && y >= top && y < bottom;
    }

    /** Returns the part that lies in another box, too; the box of four zeros if that is nothing. */
    public PixelBox intersect(PixelBox other) {
        PixelBox common = new PixelBox(
                Math.max(left, other.left),
                Math.max(top, other.top),
                Math.min(right, other.right),
                Math.min(bottom, other.bottom));
        return common.isEmpty() ? EMPTY : common;
    }
}
