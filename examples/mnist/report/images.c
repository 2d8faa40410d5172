#include "report.h"
#include <stdio.h>
#include <stdlib.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#include <stb_image_write.h>
#pragma GCC diagnostic pop

static void base64(spk_text *page, const unsigned char *bytes, int n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < n; i += 3) {
        const int left = n - i;
        const unsigned three = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
        const char four[] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
                             left > 2 ? digits[three & 63] : '='};
        spk_text_add(page, "%.4s", four);
    }
}

void page_image(spk_text *page, int width, int height, int channels, const unsigned char *pixels, const char *what) {
    int n;
    unsigned char *png = stbi_write_png_to_mem(pixels, 0, width, height, channels, &n);
    if (!png) {
        spk_fail(page->ctx, "page_image: no memory for a picture of %d x %d pixels", width, height);
        return;
    }
    spk_text_add(page, "<img width=\"%d\" height=\"%d\" alt=\"", 3 * width, 3 * height);
    page_escaped(page, what);
    spk_text_add(page, "\" src=\"data:image/png;base64,");
    base64(page, png, n);
    spk_text_add(page, "\"/>");
    free(png);
}

/* A weight, from -1 to 1, as colour and opacity, so that 0 is the paper, light or dark. */
static void colour(double weight, unsigned char *pixel) {
    static const unsigned char negative[] = {0x3b, 0x82, 0xd8}, positive[] = {0xe0, 0x5a, 0x1e};
    const unsigned char *hue = weight < 0 ? negative : positive;
    for (int i = 0; i < 3; i++) pixel[i] = hue[i];
    pixel[3] = (unsigned char)(255 * (weight < 0 ? -weight : weight));
}

typedef struct neuron_norm {
    int64_t neuron;
    double square;
} neuron_norm;

static int by_norm(const void *a, const void *b) {
    const neuron_norm *x = a, *y = b;
    return x->square != y->square ? (x->square < y->square ? 1 : -1) : (x->neuron > y->neuron) - (x->neuron < y->neuron);
}

/* What a neuron sees: its column of the weight, in the strongest colour where its size is largest. */
static void picture(spk_text *page, const spk_real *w, int64_t width, int64_t neuron) {
    unsigned char pixels[4 * SPK_DIGIT_SIZE];
    char what[64];
    double most = 0;
    for (int p = 0; p < SPK_DIGIT_SIZE; p++) {
        const double weight = (double)w[p * width + neuron];
        most = weight > most ? weight : -weight > most ? -weight : most;
    }
    for (int p = 0; p < SPK_DIGIT_SIZE; p++) colour(most > 0 ? (double)w[p * width + neuron] / most : 0, pixels + 4 * (ptrdiff_t)p);
    snprintf(what, sizeof what, "weights of neuron %lld", (long long)neuron);
    spk_text_add(page, "<figure>");
    page_image(page, SIDE, SIDE, 4, pixels, what);
    spk_text_add(page, "<figcaption>%lld</figcaption></figure>\n", (long long)neuron);
}

void report_weights(spk_text *page, const training *t) {
    spk_tensor *weight = spk_find_tensor(t->net, "0.weight"); /* [784, width] */
    const int64_t width = weight ? spk_dim(weight, 1) : 0;
    neuron_norm *norms = spk_allocate(t->ctx, (size_t)(width + 1) * sizeof *norms);
    if (!norms) return;
    const spk_real *w = spk_data(weight);
    for (int64_t n = 0; n < width; n++) norms[n].neuron = n;
    for (int64_t i = 0; i < SPK_DIGIT_SIZE * width; i++) norms[i % width].square += (double)w[i] * (double)w[i];
    qsort(norms, (size_t)width, sizeof *norms, by_norm);
    const int64_t shown = width < SHOWN_WEIGHTS ? width : SHOWN_WEIGHTS;
    spk_text_add(page,
                 "<h2>What the first layer looks for</h2>\n<p>Weights from the 28 x 28 pixels to %s%lld of the %lld neurons of the first "
                 "layer, those with the largest norm first. <span class=\"positive\">Orange</span> pixels drive the neuron, "
                 "<span class=\"negative\">blue</span> ones hold it back; each image has a scale of its own.</p>\n<div class=\"images\">\n",
                 shown < width ? "" : "all ", (long long)shown, (long long)width);
    for (int64_t i = 0; i < shown; i++) picture(page, w, width, norms[i].neuron);
    spk_text_add(page, "</div>\n");
    spk_release(t->ctx, norms);
}
