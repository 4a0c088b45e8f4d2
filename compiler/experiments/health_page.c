/* health_page.c: the page of --health: one file with all pictures in it, which needs no script and nothing else. */
#include "health.h"
#include <stdlib.h>

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	"<title>bnc: health of a training</title>\n<style>\n"
	"body { font-family: sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; line-height: 1.4 }\n"
	"figure { margin: 1.5em 0 }\nsvg { max-width: 100%; height: auto }\nfigcaption { max-width: 50em }\n"
	"</style>\n</head>\n<body>\n";

typedef struct Page { AtomicFile file; int figures; Failure *failure; } Page;

static void put_escaped(Page *page, const char *text)
{
	for (; *text; text++)
		if (*text == '<' || *text == '>' || *text == '&')
			atomic_print(&page->file, "&#%d;", *text);
		else
			atomic_print(&page->file, "%c", *text);
}

/* A picture, and what to look for in it. One without points is left out. */
static bool put_figure(Page *page, Picture *picture, const char *caption)
{
	char prefix[24], *svg;
	if (!picture_has_points(picture))
		return true;
	snprintf(prefix, sizeof prefix, "f%d-", ++page->figures);
	if (!plot_inline(picture, prefix, &svg, page->failure))
		return false;
	atomic_print(&page->file, "<figure>\n");
	atomic_write(&page->file, svg, strlen(svg));
	atomic_print(&page->file, "<figcaption>%s</figcaption>\n</figure>\n", caption);
	free(svg);
	return true;
}

/* What to look for in the pictures. */
static const char of_weights[] =
	"Left: the length of the gradient of each layer's weights, on the batch of the step. Right: by what part "
	"of themselves the weights were moved, as the length of the update by that of the weights. Around the "
	"dashed line, a thousandth, training usually goes well; far below it a layer hardly learns, far above it "
	"the rate is too large.";
static const char of_units[] =
	"Units that give the same value for all rows of the batch. After relu that is 0: no gradient passes them, "
	"and if they stay so, they are dead.";
static const char of_norm[] =
	"What goes into a batchnorm, and what comes out of it, over all features and rows of the batch. What goes "
	"in may drift and spread; what comes out keeps to gamma and beta.";
static const char of_statistics[] =
	"Evaluation uses the running statistics, training those of the batch. Left: how far the running means are "
	"from those of the batch, in deviations of the batch. Right: the running deviation by that of the batch; "
	"1 is the same. A band that stays away from 0, or from 1, says that the network in evaluation is not the "
	"one that was trained: --precise-bn.";

static bool put_patient(Page *page, Patient *p)
{
	atomic_print(&page->file, "<h2>%s</h2>\n", p->run->program->name);
	panel_choose_scale(&p->gradients.panels[0]);
	bool done = put_figure(page, &p->gradients, of_weights) && put_figure(page, &p->dead, of_units);
	for (int i = 0; done && i < p->norm_count; i++)
		done = put_figure(page, &p->inner[i], of_norm);
	return done && put_figure(page, &p->statistics, of_statistics);
}

bool health_write(Health *h, const char *path, Failure *failure)
{
	Page page = {.failure = failure};
	Failure why;
	if (!atomic_open(&page.file, path, failure))
		return false;
	page.failure = &why;
	atomic_write(&page.file, head, sizeof head - 1);
	atomic_print(&page.file, "<h1>");
	put_escaped(&page, h->training->data->name);
	atomic_print(&page.file, "</h1>\n<p>Each point is a look at one step, before its update. There is one every %lld "
		"steps, or fewer if they would take more than a tenth of the time.</p>\n", (long long)h->interval);
	for (int i = 0; i < h->count; i++)
		if (!put_patient(&page, &h->patients[i])) {
			atomic_abandon(&page.file);
			return fail(failure, "%s: %s", path, why.text);
		}
	atomic_print(&page.file, "</body>\n</html>\n");
	return atomic_commit(&page.file, failure);
}
