/* tests/unit/test_wave.c -- the loudspeaker's edges as samples, and the file of -audio wav. */
#include "frontend/posix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/audio.h"
#include "frontend/wave.h"

enum { SECOND = 100000000, RATE = 48000 };

static int16_t got[4 * RATE];
static size_t count;

static void take(void *ctx, const int16_t *samples, size_t n)
{
    (void)ctx;
    ck_assert_uint_le(count + n, ARRAY_LEN(got));
    memcpy(got + count, samples, n * sizeof *samples);
    count += n;
}

static struct wave w;

static void start(uint64_t tick)
{
    memset(&w, 0, sizeof w);
    w.put = take;
    count = 0;
    wave_start(&w, tick, SECOND, RATE);
}

/* A square wave of so many half periods. */
static uint64_t square(uint64_t tick, uint64_t half, unsigned halves)
{
    for (unsigned i = 0; i < halves; i++, tick += half) {
        wave_edge(&w, tick, i % 2 == 0);
    }
    return tick;
}

START_TEST(samples_are_as_many_as_time)
{
    start(12345);
    wave_until(&w, 12345 + SECOND - 1);
    ck_assert_uint_eq(count, RATE - 1);
    wave_until(&w, 12345 + SECOND);
    ck_assert_uint_eq(count, RATE);
    wave_until(&w, 12345 + SECOND + SECOND / 2);
    ck_assert_uint_eq(count, RATE + RATE / 2);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(got[i], 0);
    }
}
END_TEST

START_TEST(a_tone_has_its_frequency)
{
    start(0);
    wave_until(&w, square(0, SECOND / 2000, 2000)); /* 1 kHz for a second */
    unsigned crossings = 0;
    int high = 0, low = 0;
    for (size_t i = RATE / 2; i < count; i++) { /* once the level is centred */
        crossings += (got[i] >= 0) != (got[i - 1] >= 0);
        high = got[i] > high ? got[i] : high;
        low = got[i] < low ? got[i] : low;
    }
    ck_assert_uint_ge(crossings, 999);
    ck_assert_uint_le(crossings, 1001);
    ck_assert_int_gt(high, WAVE_LOUD / 2 - WAVE_LOUD / 20);
    ck_assert_int_lt(low, -WAVE_LOUD / 2 + WAVE_LOUD / 20);
    ck_assert_int_lt(abs(high + low), WAVE_LOUD / 20);
}
END_TEST

/* Pulses of 16 kHz, a quarter and then three quarters wide: a step of half the loudness. */
START_TEST(pulse_width_is_a_level)
{
    const uint64_t period = SECOND / 16000;
    uint64_t tick = 0;
    start(0);
    for (unsigned i = 0; i < 16000; i++, tick += period) {
        wave_edge(&w, tick, true);
        wave_edge(&w, tick + period * (i < 8000 ? 1 : 3) / 4, false);
    }
    wave_until(&w, tick);
    int before = 0, after = 0;
    for (size_t i = 0; i < 30; i++) { /* ten periods */
        before += got[RATE / 2 - 40 + i];
        after += got[RATE / 2 + 10 + i];
    }
    ck_assert_int_lt(abs(before / 30), WAVE_LOUD / 20);
    ck_assert_int_gt((after - before) / 30, WAVE_LOUD * 4 / 10);
    ck_assert_int_lt((after - before) / 30, WAVE_LOUD * 6 / 10);
}
END_TEST

START_TEST(a_constant_level_fades)
{
    start(0);
    wave_edge(&w, 1000, true);
    wave_until(&w, SECOND);
    ck_assert_int_gt(got[1], WAVE_LOUD / 2);
    ck_assert_int_eq(got[RATE - 1], 0);
    for (size_t i = 2; i < count; i++) { /* monotonic: no ringing, no click */
        ck_assert_int_le(got[i], got[i - 1]);
    }
}
END_TEST

START_TEST(retuning_loses_nothing)
{
    start(0);
    square(0, 37, 1000);
    for (uint64_t t = 0; t <= 3 * (uint64_t)SECOND; t += 777777) {
        wave_until(&w, t);
        wave_retune(&w, t % 2 ? SECOND : SECOND - 1000000, t % 3 ? RATE : RATE - 480);
        wave_edge(&w, t + 5, t % 2);
        wave_edge(&w, t, true); /* time does not go back */
    }
    ck_assert_uint_gt(count, 3 * RATE - 2000);
    ck_assert_uint_lt(count, 3 * RATE + 2000);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_le(abs(got[i]), WAVE_LOUD);
    }
}
END_TEST

static uint32_t le(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    while (n-- > 0) {
        v = v << 8 | p[n];
    }
    return v;
}

START_TEST(wav_files_are_right)
{
    char path[] = "/tmp/terrapin-wave-XXXXXX";
    uint8_t bytes[44 + 2 * 4800 + 1];
    FILE *f = fdopen(mkstemp(path), "w+b");
    ck_assert_ptr_nonnull(f);
    struct audio *a = audio_wav(f);
    audio_start(a, 500, 100);
    audio_edge(a, 600, true);
    audio_update(a, 500 + SECOND / 10, 100, 0);
    ck_assert_int_eq(audio_close(a), 0);
    f = fopen(path, "rb");
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    remove(path);
    ck_assert_uint_eq(n, 44 + 2 * 4800);
    ck_assert_mem_eq(bytes, "RIFF", 4);
    ck_assert_uint_eq(le(bytes + 4, 4), n - 8);
    ck_assert_mem_eq(bytes + 8, "WAVEfmt ", 8);
    ck_assert_uint_eq(le(bytes + 16, 4), 16);
    ck_assert_uint_eq(le(bytes + 20, 2), 1);
    ck_assert_uint_eq(le(bytes + 22, 2), 1);
    ck_assert_uint_eq(le(bytes + 24, 4), RATE);
    ck_assert_uint_eq(le(bytes + 28, 4), 2 * RATE);
    ck_assert_uint_eq(le(bytes + 32, 2), 2);
    ck_assert_uint_eq(le(bytes + 34, 2), 16);
    ck_assert_mem_eq(bytes + 36, "data", 4);
    ck_assert_uint_eq(le(bytes + 40, 4), 2 * 4800);
    ck_assert_int_gt((int16_t)le(bytes + 44, 2), WAVE_LOUD / 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wave");
    TCase *tc = tcase_create("wave");
    tcase_add_test(tc, samples_are_as_many_as_time);
    tcase_add_test(tc, a_tone_has_its_frequency);
    tcase_add_test(tc, pulse_width_is_a_level);
    tcase_add_test(tc, a_constant_level_fades);
    tcase_add_test(tc, retuning_loses_nothing);
    tcase_add_test(tc, wav_files_are_right);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
