#include "core/lists_internal.h"
#include "core/info_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"

/* A thread has at least this many elements to look at. */
#define GRAIN_ELEMENTS ((int64_t)1 << 17)

typedef struct work {
    const spk_matrix *m;
    spk_lists *lists;
    int64_t row_words;
    int64_t first; /* the matrix's row that the lists begin with */
} work;

static int64_t grain_of(const spk_matrix *m) { return 1 + GRAIN_ELEMENTS / (m->columns + 1); }

SPK_CLONES static int64_t count_words(int64_t n, const uint64_t *words) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) count += __builtin_popcountll(words[i]);
    return count;
}

SPK_CLONES static int64_t count_numbers(int64_t n, const spk_real *x) {
    int32_t count = 0; /* a row has fewer than 2^31 elements; 64-bit lanes would be half as many */
    for (int64_t i = 0; i < n; i++) count += x[i] != 0;
    return count;
}

static void count_rows(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    const spk_matrix *m = w->m;
    for (int64_t r = begin; r < end; r++)
        w->lists->start[r + 1] =
            m->words ? count_words(w->row_words, m->words + r * w->row_words) : count_numbers(m->columns, m->numbers + r * m->columns);
}

bool spk_lists_count(spk_ctx *ctx, const spk_matrix *m, spk_lists *lists) {
    *lists = (spk_lists){.rows = m->rows, .columns = m->columns};
    lists->start = spk_step_data(ctx, (size_t)(m->rows + 1) * sizeof *lists->start);
    if (!lists->start) return false;
    work w = {m, lists, spk_words_of(m->columns), 0};
    spk_parallel(m->rows, grain_of(m), count_rows, &w);
    lists->start[0] = 0;
    for (int64_t r = 0; r < m->rows; r++) lists->start[r + 1] += lists->start[r];
    return true;
}

/* Lists may be written with so many numbers more than there are: those that follow write over them. */
enum { OVERRUN = 16 };

/* Writes the places of a word's set bits, each plus `base`. Four at a time, whether they are there or not: at the usual rates a word has 0
 * to 4 spikes, and a branch for each would be mispredicted. */
SPK_INLINE int64_t write_places(uint64_t word, uint32_t base, uint32_t *out) {
    const int64_t count = __builtin_popcountll(word);
    int64_t i = 0;
    do {
        for (int64_t j = i; j < i + 4; j++) {
            out[j] = base + (uint32_t)__builtin_ctzll(word | (uint64_t)1 << 63);
            word &= word - 1;
        }
        i += 4;
    } while (i < count);
    return count;
}

SPK_CLONES static void list_words(int64_t n, const uint64_t *words, uint32_t *index) {
    for (int64_t i = 0; i < n; i++) index += write_places(words[i], (uint32_t)(64 * i), index);
}

#ifdef SPK_HAS_CLONES
#    include <immintrin.h>

static bool compresses(void) { return spk_instructions() == SPK_X86_64_V4 && __builtin_cpu_supports("avx512vbmi2"); }

/* The places 0 to 63 of a whole word at a time, those of set bits moved together: no loop makes a compiler use vpcompressb. At 2, 5, 10, 20
 * and 50 % of spikes a word takes 1.4, 1.3, 1.3, 1.8 and 4.2 ns, by the loop above 1.8, 3.3, 5.6, 8.4 and 14.4 ns (Zen 5). */
__attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt"))) static void list_words_compressed(int64_t n, const uint64_t *words,
                                                                                                 uint32_t *index) {
    uint8_t place[64];
    for (int i = 0; i < 64; i++) place[i] = (uint8_t)i;
    const __m512i places = _mm512_loadu_si512(place);
    for (int64_t i = 0; i < n; i++) {
        const int64_t count = __builtin_popcountll(words[i]);
        const __m512i base = _mm512_set1_epi32((int)(64 * i));
        __m512i set = _mm512_maskz_compress_epi8(words[i], places);
        _mm512_storeu_si512(index, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(set))));
        /* The first 16 are stored whether they are there or not, so that this branch is seldom taken and well predicted. */
        for (int64_t done = 16; done < count; done += 16) {
            set = _mm512_alignr_epi64(set, set, 2);
            _mm512_storeu_si512(index + done, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(set))));
        }
        index += count;
    }
}
#else
#    define list_words_compressed list_words
static bool compresses(void) { return false; }
#endif

SPK_CLONES static void list_numbers(int64_t n, const spk_real *x, uint32_t *index, spk_real *value) {
    int64_t at = 0;
    for (int64_t c = 0; c < n; c++) {
        index[at] = (uint32_t)c;
        value[at] = x[c];
        at += x[c] != 0;
    }
}

/* List r as by the two above, without a number too many. */
static void list_exactly(const work *w, int64_t r) {
    const spk_matrix *m = w->m;
    const uint64_t *words = m->words ? m->words + (w->first + r) * w->row_words : NULL;
    const spk_real *numbers = m->numbers ? m->numbers + (w->first + r) * m->columns : NULL;
    int64_t at = w->lists->start[r];
    for (int64_t c = 0; c < m->columns; c++) {
        const bool set = words ? words[c / 64] >> (c % 64) & 1 : numbers[c] != 0;
        if (!set) continue;
        if (!words) w->lists->value[at] = numbers[c];
        w->lists->index[at++] = (uint32_t)c;
    }
}

static void list_rows(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    const spk_matrix *m = w->m;
    void (*const list)(int64_t n, const uint64_t *words, uint32_t *index) = compresses() ? list_words_compressed : list_words;
    for (int64_t r = begin; r < end; r++) {
        const int64_t at = w->lists->start[r];
        /* What a row writes too many those after it overwrite; near the end of the range they might not. */
        if (w->lists->start[end] - w->lists->start[r + 1] < OVERRUN) list_exactly(w, r);
        else if (m->words) list(w->row_words, m->words + (w->first + r) * w->row_words, w->lists->index + at);
        else list_numbers(m->columns, m->numbers + (w->first + r) * m->columns, w->lists->index + at, w->lists->value + at);
    }
}

static bool take_entries(spk_ctx *ctx, spk_lists *lists, bool values) {
    const size_t n = (size_t)spk_lists_total(lists);
    lists->index = spk_step_data(ctx, n * sizeof *lists->index);
    lists->value = values ? spk_step_data(ctx, n * sizeof *lists->value) : NULL;
    return lists->index && (lists->value || !values);
}

bool spk_lists_fill(spk_ctx *ctx, const spk_matrix *m, const spk_lists *counts, int64_t first, int64_t rows, spk_lists *lists) {
    *lists = (spk_lists){.rows = rows, .columns = m->columns};
    if (!(lists->start = spk_step_data(ctx, (size_t)(rows + 1) * sizeof *lists->start))) return false;
    for (int64_t r = 0; r <= rows; r++) lists->start[r] = counts->start[first + r] - counts->start[first];
    if (!take_entries(ctx, lists, m->numbers != NULL)) return false;
    work w = {m, lists, spk_words_of(m->columns), first};
    spk_parallel(rows, grain_of(m), list_rows, &w);
    return true;
}

/* Transposing by counting: how many entries each column has, where its list begins, then the entries one by one. */

typedef struct transposition {
    const spk_lists *of;
    int64_t rows;
    spk_lists *tiles;
} transposition;

static void count_columns(const spk_lists *of, int64_t from, int64_t to, int64_t *start, int64_t columns) {
    for (int64_t c = 0; c <= columns; c++) start[c] = 0;
    for (int64_t i = from; i < to; i++) start[of->index[i] + 1]++;
    for (int64_t c = 0; c < columns; c++) start[c + 1] += start[c];
}

/* Uses start[c] as the place of column c's next entry: at the end it is the start of column c + 1. */
static void transpose_tile(const spk_lists *of, int64_t first, int64_t last, spk_lists *tile) {
    for (int64_t r = first; r < last; r++)
        for (int64_t i = of->start[r]; i < of->start[r + 1]; i++) {
            const int64_t at = tile->start[of->index[i]]++;
            tile->index[at] = (uint32_t)(r - first);
            if (tile->value) tile->value[at] = of->value[i];
        }
    for (int64_t c = tile->rows; c > 0; c--) tile->start[c] = tile->start[c - 1];
    tile->start[0] = 0;
}

static void transpose_tiles(void *v, int64_t begin, int64_t end) {
    const transposition *t = v;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i * t->rows, last = first + t->rows < t->of->rows ? first + t->rows : t->of->rows;
        count_columns(t->of, t->of->start[first], t->of->start[last], t->tiles[i].start, t->tiles[i].rows);
        transpose_tile(t->of, first, last, &t->tiles[i]);
    }
}

bool spk_lists_transposed(spk_ctx *ctx, const spk_lists *of, int64_t rows, spk_lists *tiles) {
    const int64_t n = (of->rows + rows - 1) / rows;
    for (int64_t i = 0; i < n; i++) tiles[i] = (spk_lists){0};
    for (int64_t i = 0; i < n; i++) {
        const int64_t first = i * rows, last = first + rows < of->rows ? first + rows : of->rows;
        spk_lists *tile = &tiles[i];
        *tile = (spk_lists){.rows = of->columns, .columns = last - first}; /* the last tile may have fewer rows */
        if (!(tile->start = spk_step_data(ctx, (size_t)(tile->rows + 1) * sizeof *tile->start))) return false;
        tile->start[tile->rows] = of->start[last] - of->start[first]; /* the total: all that take_entries reads */
        if (!take_entries(ctx, tile, of->value != NULL)) return false;
    }
    transposition t = {of, rows, tiles};
    spk_parallel(n, 1, transpose_tiles, &t);
    return true;
}

static void give(spk_ctx *ctx, void *block, int64_t n, size_t size) { spk_arena_give(&ctx->data, block, (size_t)n * size); }

void spk_lists_done(spk_ctx *ctx, spk_lists *lists) {
    if (!lists->start) return;
    const int64_t n = spk_lists_total(lists);
    give(ctx, lists->value, n, sizeof *lists->value);
    give(ctx, lists->index, n, sizeof *lists->index);
    give(ctx, lists->start, lists->rows + 1, sizeof *lists->start);
    *lists = (spk_lists){0};
}
