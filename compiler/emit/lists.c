/* The numbers of list arguments, as constants of the program: in whole panels, as if they were a tensor of features. */
#include "emit.h"

static void put_list(Emit *e, const Operand *operand)
{
	const size_t bytes = number_bytes(e->module);
	const int count = (int)operand->number, lanes = e->module->options.target->lanes,
		floats = panel_count(e->module, count) * lanes;
	if (map_get(e->lists, operand->name))
		return;
	e->lists = map_put(e->module->arena, e->lists, operand->name, operand->list);
	code_put(&e->code, "\nstatic const %s %s%s[%d] = {", number_type(bytes), e->prefix, operand->name, floats);
	for (int i = 0; i < count; i++)
		code_put(&e->code, "%s%s", i % 8 ? ", " : i ? ",\n\t" : "\n\t",
			number_text(e->module->arena, operand->list[i], number_class(bytes)));
	code_put(&e->code, "\n};\n");
}

void put_lists(Emit *e, const Routine *routine)
{
	for (int i = 0; i < routine->steps.count; i++)
		for (int k = 0; k < routine->steps.items[i]->kernel->parameter_count; k++)
			if (routine->steps.items[i]->operands[k].kind == OPERAND_LIST)
				put_list(e, &routine->steps.items[i]->operands[k]);
}
