/* frontend/video.h -- replay -video DIR: the screen as PNG files, so many a virtual second.
 *
 * The session stops at the ticks of the frames, which leaves no trace, and shows it the
 * machine.
 */
#ifndef TERRAPIN_FRONTEND_VIDEO_H
#define TERRAPIN_FRONTEND_VIDEO_H

#include "mem/error.h"

struct machine;
struct video;

/* dir: made if it is not there. fps: 1 to 1000. NULL and err. */
struct video *video_open(const char *dir, uint32_t fps, struct error *err);
void video_close(struct video *v); /* NULL is fine */
/* The tick of the next frame; v NULL: never. */
uint64_t video_next(const struct video *v);
/* If that is now, DIR/frame-NNNNNN.png is written, from 000001 on. A replay that goes back
 * writes none again until it is further than it was. -1 and err: the file cannot be written. */
int video_look(struct video *v, struct machine *m, struct error *err);

#endif
