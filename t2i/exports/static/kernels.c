// The matrix product of the exported page: a few rows of patches with a packed kernel.
//
// Rebuilt by `python -m t2i.exports.kernels`, which says with what. A panel is eight columns of the
// kernel, [depth][8], filled with zeros; so eight accumulators of four numbers hold four rows.

typedef float four __attribute__((vector_size(16), aligned(4)));

enum { ROWS = 4, COLUMNS = 8, STRIP = 32 };

// Adds rows [4, depth] times a panel [depth, 8] to a bias [8]; writes `columns` of each row out,
// of the first four alone where `halves` is 1.
static inline __attribute__((always_inline)) void block(
    const float *rows, int depth, const float *panel, const float *bias, float *const *out,
    int count, int columns, const int halves) {
  four sums[ROWS][2];
  for (int r = 0; r < ROWS; r++) {
    for (int h = 0; h < halves; h++) {
      sums[r][h] = *(const four *)(bias + 4 * h);
    }
  }
  for (int k = 0; k < depth; k++) {
    for (int h = 0; h < halves; h++) {
      four kernel = *(const four *)(panel + COLUMNS * k + 4 * h);
      for (int r = 0; r < ROWS; r++) {
        float x = rows[r * depth + k];
        sums[r][h] += (four){x, x, x, x} * kernel;
      }
    }
  }
  for (int r = 0; r < count; r++) {
    if (columns == 4 * halves) {
      for (int h = 0; h < halves; h++) {
        *(four *)(out[r] + 4 * h) = sums[r][h];
      }
    } else {
      for (int c = 0; c < columns; c++) {
        out[r][c] = ((const float *)sums[r])[c];
      }
    }
  }
}

// Convolves a map [height, width, in] with a packed kernel of down x across places, whose first
// place is `top` and `left` before a pixel's own; writes pixels [high, wide] of `out` channels each.
// They land `step` apart, from (y, x) on, in a map `row` pixels wide: of a map doubled, a quarter.
void convolve(const float *map, int height, int width, int in, const float *panels,
              const float *bias, int down, int across, int top, int left, float *to, int high,
              int wide, int out, int step, int y, int x, int row, float *patches) {
  int depth = down * across * in;
  for (int start = 0; start < high * wide; start += STRIP) {
    int count = high * wide - start < STRIP ? high * wide - start : STRIP;
    float *patch = patches;
    for (int i = start; i < start + count; i++) {
      for (int ky = 0; ky < down; ky++) {
        int from = i / wide + ky - top;
        for (int kx = 0; kx < across; kx++) {
          int at = i % wide + kx - left;
          int inside = from >= 0 && from < height && at >= 0 && at < width;
          const float *pixel = map + (from * width + at) * in;
          for (int c = 0; c < in; c++) {
            patch[c] = inside ? pixel[c] : 0.0f;
          }
          patch += in;
        }
      }
    }
    for (int column = 0; column < out; column += COLUMNS) {
      for (int r = 0; r < count; r += ROWS) {
        float *places[ROWS];
        for (int j = 0; j < ROWS; j++) {
          int i = start + r + j;
          places[j] = to + ((i / wide * step + y) * row + i % wide * step + x) * out + column;
        }
        const float *panel = panels + column * depth, *own = patches + r * depth;
        int rest = out - column, rows = count - r < ROWS ? count - r : ROWS;
        if (rest > 4) {
          block(own, depth, panel, bias + column, places, rows, rest < 8 ? rest : 8, 2);
        } else {
          block(own, depth, panel, bias + column, places, rows, rest, 1);
        }
      }
    }
  }
}

// Scales and shifts the channels of pixels in place, and multiplies what is below zero by `slope`.
void modulate(float *pixels, int count, int channels, const float *scale, const float *shift,
              float slope) {
  for (int i = 0; i < count; i++) {
    for (int c = 0; c < channels; c++) {
      float x = pixels[i * channels + c] * scale[c] + shift[c];
      pixels[i * channels + c] = x < 0.0f ? x * slope : x;
    }
  }
}
