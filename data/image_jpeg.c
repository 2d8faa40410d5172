/*
 * What a JPEG file must keep to before stb_image sees it: its releases up to 2.28 write past their tables where a Huffman table (marker
 * DHT) lists more than 256 codes.
 */
#include "data/image_internal.h"

typedef struct walk {
    const unsigned char *at, *end;
} walk;

enum { DHT = 0xc4, SOS = 0xda, TABLES_OF_A_DHT = 17 };

/* A byte, 0 past the end, as stb_image reads it. */
static int take(walk *w) { return w->at < w->end ? *w->at++ : 0; }

/* The tables of one DHT segment, which begins with its length. */
static bool tables_fit(walk w) {
    int left = take(&w) << 8;
    left += take(&w) - 2;
    while (left > 0) {
        int codes = 0;
        take(&w);
        for (int i = 0; i < 16; i++) codes += take(&w);
        if (codes > 256) return false;
        for (int i = 0; i < codes; i++) take(&w);
        left -= TABLES_OF_A_DHT + codes;
    }
    return true;
}

/*
 * Up to the first scan segments follow one another, and are gone past by their lengths; from there on every DHT marker is looked at, since
 * in a scan's data these two bytes do not stand.
 */
bool spk_image_jpeg_is_safe(const spk_file_bytes *file) {
    walk w = {file->bytes, file->bytes + file->size};
    bool scanning = false;
    while (w.end - w.at >= 2) {
        if (*w.at++ != 0xff) continue;
        const int marker = *w.at;
        if (marker == 0xff || marker == 0) continue;
        w.at++;
        if (marker == DHT && !tables_fit(w)) return false;
        scanning = scanning || marker == SOS;
        const bool segment = marker >= 0xc0 && marker != 0xff && !(marker >= 0xd0 && marker <= 0xd9);
        if (scanning || !segment || w.end - w.at < 2) continue;
        const int64_t length = w.at[0] << 8 | w.at[1];
        if (length > w.end - w.at) return true; /* nothing is read past the end */
        w.at += length;
    }
    return true;
}
