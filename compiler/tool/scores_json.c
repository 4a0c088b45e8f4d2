/* scores_json.c: the report of --eval as one JSON object; docs/data.md says what is in it. */
#include "answers.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

/* Each adds to what is there and returns false if there is no memory. A number that is none becomes null. */

static bool add_number(cJSON *object, const char *key, double value)
{
	return cJSON_AddNumberToObject(object, key, value);
}

static bool add_class(const Answers *a, const Metrics *m, int index, cJSON *array)
{
	char number[NUMBER_TEXT];
	const ClassScore *c = &m->classes[index];
	cJSON *object = cJSON_CreateObject();
	return cJSON_AddItemToArray(array, object)
		&& cJSON_AddStringToObject(object, "name", class_name(a, index, number)) && add_number(object, "rows", c->rows)
		&& add_number(object, "predicted", c->predicted) && add_number(object, "precision", c->precision)
		&& add_number(object, "recall", c->recall) && add_number(object, "f1", c->f1);
}

static bool add_classes(const Answers *a, const Metrics *m, cJSON *object)
{
	bool done = add_number(object, "accuracy", (double)m->correct / m->rows)
		&& add_number(object, "correct", m->correct) && (m->class_count != 2 || add_number(object, "auc", m->auc));
	done = done && (!ranks_classes(m) || (add_number(object, "top3", (double)m->among[0] / m->rows)
		&& add_number(object, "top5", (double)m->among[1] / m->rows)));
	cJSON *classes = done ? cJSON_AddArrayToObject(object, "classes") : 0;
	done = classes;
	for (int i = 0; done && i < m->class_count; i++)
		done = add_class(a, m, i, classes);
	cJSON *confusion = done && m->confusion ? cJSON_AddArrayToObject(object, "confusion") : 0;
	for (int i = 0; confusion && done && i < m->class_count; i++)
		done = cJSON_AddItemToArray(confusion, cJSON_CreateIntArray(m->confusion + i * m->class_count, m->class_count));
	return done && (confusion || !m->confusion);
}

static bool add_score(cJSON *object, const ValueScore *v)
{
	return add_number(object, "mse", v->mse) && add_number(object, "mae", v->mae) && add_number(object, "r2", v->r2);
}

static bool add_values(const Answers *a, const Metrics *m, cJSON *object)
{
	cJSON *targets = add_score(object, &m->mean) ? cJSON_AddArrayToObject(object, "targets") : 0;
	bool done = targets;
	for (int i = 0; done && i < m->value_count; i++) {
		const char *name = target_name(a, i);
		cJSON *target = cJSON_CreateObject();
		done = cJSON_AddItemToArray(targets, target)
			&& (name ? cJSON_AddStringToObject(target, "name", name) : cJSON_AddNullToObject(target, "name"))
			&& add_score(target, &m->values[i]);
	}
	return done;
}

bool add_scores(const Answers *a, Failure *failure)
{
	Metrics m;
	double loss;
	bool done = find_scores(a, &m, &loss, failure);
	if (done) {
		cJSON *object = cJSON_CreateObject();
		done = cJSON_AddItemToArray(cJSON_GetObjectItem(a->session->report, "networks"), object)
			&& cJSON_AddStringToObject(object, "net", a->program->name) && add_number(object, "rows", m.rows)
			&& add_number(object, "loss", loss)
			&& (m.truth == TRUTH_VALUES ? add_values : add_classes)(a, &m, object);
		done = done || fail(failure, "not enough memory for the report");
	}
	metrics_free(&m);
	return done;
}

bool report_open(Session *s, Failure *failure)
{
	s->report = cJSON_CreateObject();
	return (s->report && cJSON_AddStringToObject(s->report, "data", s->eval.name)
		&& cJSON_AddArrayToObject(s->report, "networks")) || fail(failure, "not enough memory for the report");
}

bool report_write(const Session *s, Failure *failure)
{
	AtomicFile file;
	char *text = cJSON_PrintUnformatted(s->report);
	bool done = text ? atomic_open(&file, "-", failure) : fail(failure, "not enough memory for the report");
	if (done) {
		atomic_print(&file, "%s\n", text);
		done = atomic_commit(&file, failure);
	}
	free(text);
	return done;
}

void report_close(Session *s)
{
	cJSON_Delete(s->report);
}
